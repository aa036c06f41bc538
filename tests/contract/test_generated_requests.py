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
from api.kit.routes import Role
from api.kit.tokens import mint_access_token
from loyalty.clock import new_id, system_clock
from loyalty.services.auditing import Actor
from loyalty.services.merchants import issue_key
from loyalty.store.admins import insert_admin
from loyalty.store.database import Connection
from schemas.admin.access import Admin
from schemas.admin.merchants import NewMerchantKey
from tests.conftest import StartLaurel
from tests.contract.generated import ALL_PHASES, Tried, run_schemathesis
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.campaigns import run_seed, sized, write_report
from tests.support.processes import LaurelProcess
from tests.support.rows import add_member, add_merchant, add_redemption, add_reward, add_transaction, laurel_pool

Eventually = Callable[..., Any]
TESTER = Actor("system", "tests")
TOKEN_SECONDS = 3 * 60 * 60
LEAVING = ("delete_profile",)
"""Tried on its own: no member, no answers."""
SCOPES = sorted({route.access.scope for route in ADMIN_API.routes if route.access.scope})


@dataclass(frozen=True, slots=True)
class World:
    """What the requests can meet: callers with their tokens, and ids that exist by the name of their parameter."""

    member: str
    admin: str
    merchant: str
    known: dict[str, list[str]]


async def make_world(database_url: str) -> World:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        members = [await add_member(conn, 10_000) for _ in range(3)]
        merchant_id = await add_merchant(conn)
        reward_id = await add_reward(conn)
        known = {
            "member_id": members,
            "merchant_id": [merchant_id],
            "reward_id": [reward_id],
            "transaction_id": [await add_transaction(conn, members[0], merchant_id) for _ in range(3)],
            "redemption_id": [await add_redemption(conn, members[0], reward_id) for _ in range(3)],
        }
        command = NewMerchantKey.model_validate({"scopes": SCOPES}, strict=False)
        async with conn.transaction():
            key = await issue_key(conn, merchant_id, command, TESTER, system_clock)
        return World(
            member=mint_access_token(SIGNING_KEY, members[0], "customer", seconds=TOKEN_SECONDS),
            admin=await _admin_token(conn),
            merchant=key.secret,
            known={name: [str(each) for each in ids] for name, ids in known.items()},
        )


async def _admin_token(conn: Connection) -> str:
    admin = Admin(
        admin_id=new_id(),
        email="tests@laurel.example",
        name="Tests",
        role="admin",
        active=True,
        created_at=system_clock(),
    )
    await insert_admin(conn, admin, "!")
    return mint_access_token(SIGNING_KEY, admin.admin_id, "admin", seconds=TOKEN_SECONDS, role=Role.ADMIN)


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
