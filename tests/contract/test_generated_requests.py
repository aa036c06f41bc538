"""Requests that Schemathesis makes up from each API's own document: every answer is as documented, and none is a 5xx.

The APIs are processes of their own on real ports. What was written meanwhile must still be a ledger.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.admin.app import API as ADMIN_API
from tests.conftest import StartLaurel
from tests.contract.generated import ALL_PHASES, Tried, run_schemathesis
from tests.contract.world import World, make_world
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.campaigns import run_seed, sized, write_report
from tests.support.processes import LaurelProcess

Eventually = Callable[..., Any]
LEAVING = ("delete_profile",)
"""Tried on its own: no member, no answers."""


@dataclass(frozen=True, slots=True)
class Run:
    """Who asks for what, how often. Without the phase `coverage` it is a third as long."""

    caller: str
    examples: int
    operations: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    phases: str = ALL_PHASES

    @property
    def api(self) -> str:
        return "customer" if self.caller == "member" else "admin"


RUNS = (
    Run("member", sized(3, 350), without=LEAVING),
    Run("member", sized(2, 100), operations=LEAVING),
    Run("admin", sized(1, 75), phases=sized("examples,fuzzing,stateful", ALL_PHASES)),
    Run("merchant", sized(1, 120), operations=tuple(route.name for route in ADMIN_API.routes if route.access.scope)),
)


@pytest.mark.slow
@pytest.mark.timeout(sized(180, 7_200))
@pytest.mark.parametrize("run", RUNS, ids=["member", "leaving", "admin", "merchant"])
async def test_generated_requests_are_answered_as_documented(
    run: Run,
    database_url: str,
    laurel_process: StartLaurel,
    eventually: Eventually,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    world = await make_world(database_url)
    process, url = _start(laurel_process, run.api)
    await eventually(lambda: _is_ready(process), timeout_seconds=60)
    tried = await asyncio.to_thread(_try, run, url, world, tmp_path / "tried")
    found = {"cases": tried.cases, "operations": tried.operations, "failures": tried.failures}
    write_report(f"generated-requests-{request.node.callspec.id}", found)
    assert not tried.failures, "\n".join([f"seed {run_seed()}", *tried.failures])
    assert tried.cases >= run.examples * tried.operations
    assert process.running()
    assert [line for line in process.log_text().splitlines() if _tells_of_a_bug(line)] == []
    verified = laurel_process("ledger", "verify")
    assert await asyncio.to_thread(verified.popen.wait, 60) == 0, verified.log_text()


def _try(run: Run, url: str, world: World, folder: Path) -> Tried:
    return run_schemathesis(
        url,
        getattr(world, run.caller),
        world.known,
        folder,
        operations=run.operations,
        without=run.without,
        examples=run.examples,
        phases=run.phases,
        seed=run_seed(),
    )


def _start(laurel_process: StartLaurel, api: str) -> tuple[LaurelProcess, str]:
    port = free_port()
    environment = {
        "LAUREL_SIGNING_KEY": SIGNING_KEY.get_secret_value(),
        "LAUREL_TRANSACTION_TRUST": "open",
        "LAUREL_RATE_LIMIT_PER_MINUTE": "10000000",
        "LAUREL_LOGIN_LIMIT_PER_MINUTE": "10000000",
        f"LAUREL_{api.upper()}_API_PORT": str(port),
    }
    return laurel_process(f"{api}-api", **environment), f"http://127.0.0.1:{port}"


def _is_ready(process: LaurelProcess) -> bool:
    if not process.running():
        raise RuntimeError(process.log_text())
    return "api_ready" in process.log_text()


def _tells_of_a_bug(line: str) -> bool:
    return line.startswith("{") and json.loads(line)["level"] in ("error", "critical")
