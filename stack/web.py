"""The web apps: built once for their sources, then served by the Node of the wheel.

A build is a folder of its own, named by a digest of what it was made from. It never changes again: servers that run
from an older one are not disturbed, and whoever needs the same build at the same time waits for the one who makes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.laurel import LAUREL
from stack.node import NODE, NPM, WEB
from stack.node import environment as node_environment
from stack.ports import LOOPBACK
from stack.service import Service

BUILDS = WEB / ".builds"
BUILDS_KEPT = 3
BUILD_SECONDS = 900.0
STOP_SECONDS = 5.0
ANSWER_SECONDS = 5.0
SHARED_SOURCES = ("package-lock.json", "tsconfig.base.json", "packages")
SCHEMAS = WEB.parent / "schemas" / "json"
NOT_SOURCES = frozenset({"node_modules", ".next", "generated"})
PEER = WEB / "packages" / "bff" / "peer.cjs"
INSTALLED = WEB / "node_modules" / ".laurel-ready"
OUTPUT_LINES = 30

# the rest of the environment (databases, keys of the APIs) is no business of a web app
PASSED = ("PATH", "HOME", "LANG", "TMPDIR", "NODE_EXTRA_CA_CERTS", "LAUREL_WEB_SESSION_KEY")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class App:
    """A web app: its folder in web/apps, the variable of its port, and the variables that it alone needs."""

    name: str
    port: str
    settings: tuple[str, ...]

    @property
    def service_name(self) -> str:
        return f"{self.name}-web"

    @property
    def folder(self) -> Path:
        return WEB / "apps" / self.name


APPS = (
    App("customer", "LAUREL_CUSTOMER_WEB_PORT", ("LAUREL_CUSTOMER_API_URL", "LAUREL_SHOP_SIGNING_KEY_FILE")),
    App("admin", "LAUREL_ADMIN_WEB_PORT", ("LAUREL_ADMIN_API_URL",)),
)
BY_NAME = {app.name: app for app in APPS}


def services(environment: Mapping[str, str]) -> tuple[Service, ...]:
    """The apps as services. Each builds itself first where that is needed, which takes about a minute."""
    return tuple(_service(app, environment) for app in APPS)


def _service(app: App, environment: Mapping[str, str]) -> Service:
    port = int(environment[app.port])
    return Service(
        name=app.service_name,
        command=(*LAUREL, "web", app.name),
        environment=environment,
        is_ready=lambda: answers(port),
        address=f"http://{LOOPBACK}:{port}",
        ready_seconds=BUILD_SECONDS,
        stop_seconds=STOP_SECONDS,
    )


def answers(port: int) -> bool:
    """Whether a web app serves on this port."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def server_environment(app: App, environment: Mapping[str, str]) -> dict[str, str]:
    """What the app's server gets to know."""
    wanted = {*PASSED, *app.settings}
    kept = {name: value for name, value in environment.items() if name in wanted}
    host = environment.get("LAUREL_WEB_HOST", LOOPBACK)
    return {**kept, "HOSTNAME": host, "PORT": environment[app.port], "NODE_ENV": "production"}


def server_command(build: Path, app: App) -> tuple[str, ...]:
    """Node with the server; first it is told to pass on where a request comes from."""
    return (str(NODE), "--require", str(build / PEER.name), str(build / "apps" / app.name / "server.js"))


def ensure_built(app: App, environment: Mapping[str, str], say: Say) -> Path:
    """The folder of the app's build, made now when there is none for these sources.

    Raises StackError with what to do.
    """
    if not (WEB / "package.json").is_file():
        raise StackError(f"the sources of the web apps are not in {WEB}: run Laurel from its repository")
    built = _build_of(app)
    if built.exists():
        return built
    with _alone():
        if not (built := _build_of(app)).exists():
            _install(environment, say)
            _build(app, built, environment, say)
            _forget_old_builds(app)
    return built


def ensure_installed(environment: Mapping[str, str], say: Say) -> Path:
    """The folder of the workspace's packages, installed now when they are not, or others. Raises StackError."""
    with _alone():
        _install(environment, say)
    return INSTALLED.parent


def _build_of(app: App) -> Path:
    return BUILDS / f"{app.name}-{_digest(app)}"


def _digest(app: App) -> str:
    digest = hashlib.sha256()
    for file in sorted(_sources(app)):
        digest.update(f"{file.relative_to(WEB.parent)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _sources(app: App) -> Iterator[Path]:
    yield from SCHEMAS.glob("openapi-*.json")
    for source in (*(WEB / name for name in SHARED_SOURCES), app.folder):
        if source.is_file():
            yield source
        for folder, inner, files in os.walk(source):
            inner[:] = [name for name in inner if name not in NOT_SOURCES]
            yield from (Path(folder, name) for name in files if not name.endswith((".tsbuildinfo", "next-env.d.ts")))


@contextmanager
def _alone() -> Iterator[None]:
    """One builder at a time, on this machine's copy of the sources."""
    BUILDS.mkdir(exist_ok=True)
    with (BUILDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(environment: Mapping[str, str], say: Say) -> None:
    lock_file = WEB / "package-lock.json"
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= lock_file.stat().st_mtime:
        return
    say("web: installing the packages of web/package-lock.json")
    way_out = "is npm's registry in reach (npm config get registry)? Then try again: make web-setup"
    _run((*NPM, "ci", "--no-progress", "--loglevel=error"), environment, f"npm could not install: {way_out}")
    INSTALLED.touch()


def _build(app: App, built: Path, environment: Mapping[str, str], say: Say) -> None:
    say(f"web: building {app.service_name}")
    command = (*NPM, "run", "--silent", "build", "--workspace", f"@laurel/{app.name}")
    _run(command, environment, f"{app.service_name} could not be built")
    output, draft = app.folder / ".next", BUILDS / f".{app.name}-{secrets.token_hex(4)}"
    shutil.copytree(output / "standalone", draft, symlinks=True)
    shutil.copy(PEER, draft)
    inside = draft / "apps" / app.name
    shutil.copytree(output / "static", inside / ".next" / "static")
    if (app.folder / "public").exists():
        shutil.copytree(app.folder / "public", inside / "public", dirs_exist_ok=True)
    draft.rename(built)


def _run(command: tuple[str, ...], environment: Mapping[str, str], failure: str) -> None:
    """Run it in web/. Raises StackError with the end of what it said."""
    done = subprocess.run(
        command,
        cwd=WEB,
        env=node_environment(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-OUTPUT_LINES:])
        raise StackError(f"{failure}\n{said}")


def _forget_old_builds(app: App) -> None:
    builds = sorted(BUILDS.glob(f"{app.name}-*"), key=lambda build: build.stat().st_mtime, reverse=True)
    for old in builds[BUILDS_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
