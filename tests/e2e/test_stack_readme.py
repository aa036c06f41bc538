"""The README's five calls, run as they are printed."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

from stack.home import Home
from tests.support.system import System

README = Path(__file__).resolve().parents[2] / "README.md"
HEADING = "## Earn and redeem in five calls"
TIMEOUT_SECONDS = 90
ADMIN = {"LAUREL_ADMIN_EMAIL": "readme@laurel.example", "LAUREL_ADMIN_PASSWORD": "as long as it must be"}
NEW_MERCHANT = """
curl -sf $LAUREL_ADMIN_API_URL/api/admin/merchants -H "Authorization: Bearer $admin" -H "$json" \\
  -H 'Idempotency-Key: readme' -d '{"name": "Corner shop", "external_id": "readme"}'
"""


@pytest.fixture
def system(own_system: System) -> System:
    """As a reader has it: the first reward that is eligible is one of the demo's."""
    return own_system


def printed_calls() -> str:
    """The shell of the README's section."""
    section = README.read_text().partition(HEADING)[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_five_calls_earn_and_redeem(system: System, tmp_path: Path) -> None:
    home = Home.at(tmp_path / ".laurel")
    home.create()
    urls = {
        "LAUREL_CUSTOMER_API_URL": system.url("customer-api-1"),
        "LAUREL_ADMIN_API_URL": system.url("admin-api"),
    }
    home.write_variables(home.env_file, {**urls, **ADMIN})
    make_administrator(system)
    # the replay brings merchants; this system may have none yet
    script = printed_calls().replace("merchant=$(", f"{NEW_MERCHANT}\nmerchant=$(", 1)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ('"status":"recorded"', '"available":', '"status":"pending"', '"status":"completed"'):
        assert said in done.stdout


def make_administrator(system: System) -> None:
    dataclasses.replace(system, environment={**system.environment, **ADMIN}).laurel("admin", "ensure")
