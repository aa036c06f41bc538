"""What is installed is ours and complete, and what starts Laurel elsewhere starts the same."""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from cli.main import COMMANDS, app
from stack import laurel, web
from stack.node import NODE

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["agents", "api", "bench", "cli", "db", "loyalty", "outbox", "schemas", "stack"]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker" / "compose.yaml").read_text())


@pytest.mark.parametrize("name", PACKAGES)
def test_the_package_that_is_imported_is_ours(name: str) -> None:
    """`agents` is also the import name of another distribution; `bench` and `api` are common words."""
    found = importlib.import_module(name).__file__
    assert found is not None
    assert Path(found).is_relative_to(ROOT)


def test_no_other_distribution_claims_our_packages() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {name: set(owners.get(name, ())) - {"laurel"} for name in PACKAGES} == {name: set() for name in PACKAGES}


def test_every_package_says_that_it_is_typed() -> None:
    assert [name for name in PACKAGES if not (ROOT / name / "py.typed").exists()] == []


def test_help_lists_every_command_and_imports_none() -> None:
    code = "import sys; from cli.main import app; app(['--help'], standalone_mode=False); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in COMMANDS if name not in done.stdout] == []
    assert {"sanic", "faust", "confluent_kafka", "asyncpg"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("name", "package"), [("run", "duckdb"), ("stack", "psutil")])
def test_a_command_that_needs_the_stacks_packages_says_so(name: str, package: str) -> None:
    """As in the image, which has none of them."""
    code = f"import sys; sys.modules['{package}'] = None; from cli.main import app; app(['{name}', '--help'])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"laurel {name} needs {package}, which comes with laurel[stack]\n")


def test_an_unknown_command_is_an_error() -> None:
    assert CliRunner().invoke(app, ["fly"]).exit_code == 2


def test_the_lock_file_pins_everything_and_names_no_registry() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    requirements = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert [line for line in requirements if not re.match(r"^[a-z0-9._-]+==[^ ]+( ; .+)?$", line)] == []
    assert [line for line in lines if "://" in line] == []


def test_the_changelog_and_the_package_agree_on_the_version() -> None:
    assert importlib.metadata.version("laurel") == "0.1.0"
    assert "laurel:0.1.0" in {service.get("image") for service in COMPOSE["services"].values()}


def test_compose_runs_the_commands_that_the_stack_runs() -> None:
    always = {name: service for name, service in COMPOSE["services"].items() if "profiles" not in service}
    ours = {name: service for name, service in always.items() if service["image"].startswith("laurel:")}
    commands = {*itertools.chain(*laurel.STEPS), *laurel.PROCESSES}
    assert {" ".join(service["command"]) for service in ours.values()} == commands


def test_compose_tells_each_process_its_port_by_the_same_variable() -> None:
    for name, variable in laurel.PROCESSES.items():
        environment = COMPOSE["services"][name]["environment"]
        assert environment[variable] == environment["LAUREL_HEALTH_PORT"]


@pytest.mark.parametrize("app", web.APPS, ids=lambda app: app.name)
def test_compose_tells_a_web_app_what_the_stack_tells_it(app: web.App) -> None:
    service = COMPOSE["services"][app.service_name]
    given = set(web.server_environment(app, dict.fromkeys((*web.PASSED, *app.settings, app.port), "x")))
    assert service["build"]["args"] == {"APP": app.name}
    assert {*app.settings, "LAUREL_WEB_SESSION_KEY", "PORT"} == set(service["environment"]) <= given
    address = service["networks"]["default"]["ipv4_address"]
    trusted = COMPOSE["services"][f"{app.name}-api"]["environment"]["LAUREL_TRUSTED_PROXIES"]
    assert f"{address}/32" in trusted.split(",")


def test_the_web_images_have_the_node_that_the_apps_are_tested_on() -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile.web").read_text()
    tested = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    assert {f"v{version}" for version in re.findall(r"FROM node:([\d.]+)-", dockerfile)} == {tested.strip()}


def test_operator_commands_use_the_stack_that_runs_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "env").write_text("LAUREL_DATABASE_URL=postgresql://local@127.0.0.1:1/none\n")
    assert "the database cannot be reached" in migrate_at(tmp_path, monkeypatch).output
    assert migrate_at(tmp_path / "nothing", monkeypatch).exit_code == 2


def migrate_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    with monkeypatch.context() as environment:
        # set first, so that what the command sets is undone too
        environment.setenv("LAUREL_DATABASE_URL", "")
        environment.delenv("LAUREL_DATABASE_URL")
        environment.setenv("LAUREL_HOME", str(home))
        return CliRunner().invoke(app, ["migrate"])


def test_the_wheel_has_every_file_of_the_packages(tmp_path: Path) -> None:
    """An image installs the wheel: a query or an asset that is only in the checkout would be missed there alone."""
    sources = ["setup.cfg", "pyproject.toml", "README.md", "LICENSE", *PACKAGES]
    for name in sources:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path / "dist"),
        str(tmp_path),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert files_of_packages() - packed == set()


def files_of_packages() -> set[str]:
    found = (path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if path.suffix != ".pyc" and not path.name.startswith(".")}


def test_compose_asks_for_what_make_env_writes_for_its_owner_alone(tmp_path: Path) -> None:
    script = tmp_path / "make-env"
    shutil.copy(ROOT / "docker" / "make-env", script)
    for _ in range(2):
        subprocess.run([script], check=True, capture_output=True)
    written = tmp_path / ".env"
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker" / "compose.yaml").read_text()))
    values = dotenv_values(written)
    assert set(values) == asked
    assert all(values.values())
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
