"""Once, whatever dies: every process is killed again and again while purchases, adjustments and redemptions go on.

Clients ask again with their keys. At the end there is what there would have been without a single kill.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from api.kit.routes import Role
from api.kit.tokens import mint_access_token
from cli.demo_program.seeding import seed_demo_program
from cli.journey.client import ApiClient, open_session
from loyalty.clock import system_clock
from loyalty.services.administrators import ensure_admin
from loyalty.store.database import Pool, open_pool, transaction
from loyalty.store.replaying import count_pipeline
from tests.e2e.oracle import points_by_household as oracle
from tests.support.audits import ledger_faults, points_by_household, published
from tests.support.campaigns import seeded, sized, write_report
from tests.support.people import new_members
from tests.support.servers import Servers
from tests.support.system import COMMANDS, System, own_environment, running_system
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(sized(420, 3_600))]

BASKETS = sized(3_000, 20_000)
KILLS = sized(24, 300)
LOOK_SECONDS = 0.02
PAUSE_SECONDS = (0.5, 2.5)
REPLAY_SECONDS = sized(300, 3_000)
SETTLED_SECONDS = 60


@dataclass(slots=True)
class Killer:
    """Kills processes and starts them again, as a supervisor would."""

    system: System
    chance: random.Random
    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COMMANDS, 0))

    def strike(self) -> None:
        """One of those killed least so far, at random; it is started again at once."""
        least = min(self.kills.values())
        victim = self.chance.choice([name for name, kills in self.kills.items() if kills == least])
        self.system.kill(victim)
        self.system.start(victim)
        self.kills[victim] += 1

    async def strike_along(self, pool: Pool, work: asyncio.subprocess.Process) -> None:
        """KILLS of them, spread at random over the purchases as they are recorded, then a few during the rest."""
        for when in sorted(self.chance.randrange(BASKETS) for _ in range(KILLS)):
            await eventually(partial(_reached, pool, when, work), REPLAY_SECONDS)
            self.strike()
        for _ in COMMANDS:
            await asyncio.sleep(self.chance.uniform(*PAUSE_SECONDS))
            self.strike()
        await work.wait()


@dataclass(slots=True)
class Adjuster:
    """An operator who gives a member points through the Admin API, one adjustment after another."""

    client: ApiClient
    member: UUID
    given: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        while not self.enough.is_set():
            points = self.given % 7 + 1
            key = f"adjustment-{self.given}"
            path = f"/api/admin/members/{self.member}/adjustments"
            answer = await self.client.post(self.member, path, {"points": points, "reason": "because"}, key)
            assert answer.status == 201, answer
            self.given += points
            await asyncio.sleep(LOOK_SECONDS)


@pytest.fixture
def system(servers: Servers, template_database: str, tmp_path: Path) -> Iterator[System]:
    with own_environment(servers, template_database) as environment, running_system(environment, tmp_path) as running:
        yield running


@pytest.fixture
async def pool(system: System) -> AsyncIterator[Pool]:
    async with await open_pool(system.environment["LAUREL_DATABASE_URL"], size=4, name="test") as opened:
        async with transaction(opened) as conn:
            await seed_demo_program(conn, system_clock)
        yield opened


async def test_once_whatever_dies(system: System, pool: Pool) -> None:
    killer = Killer(system, seeded("kills"))
    async with _adjusting(system, pool) as adjuster:
        replay = await _start_replay(system)
        await killer.strike_along(pool, replay)
        await asyncio.to_thread(system.until_ready)
    await eventually(lambda: _settled(pool), SETTLED_SECONDS)
    summary = json.loads((system.folder / "replay.json").read_text())
    findings = await published(system, pool, SETTLED_SECONDS)
    write_report("kills", {"kills": killer.kills, "replay": summary, "repeated_deliveries": findings.repeated})

    assert sum(killer.kills.values()) >= KILLS
    assert (summary["recorded"] + summary["already_recorded"], summary["rejected"]) == (BASKETS, 0)
    assert findings.clean, findings
    async with pool.acquire() as conn:
        assert await points_by_household(conn) == oracle(BASKETS)
        faults = await ledger_faults(conn)
        available = await conn.fetchval("select available from wallet where member_id = $1", adjuster.member)
        assert await conn.fetchval("select count(*) from dead_letter") == 0
    assert faults == dict.fromkeys(faults, 0)
    assert available == adjuster.given
    assert system.laurel("ledger", "verify", "--json").returncode == 0


async def _start_replay(system: System) -> asyncio.subprocess.Process:
    urls = [f"--customer-url={url}" for url in system.customer_urls]
    arguments = ["replay", f"--baskets={BASKETS}", f"--json={system.folder / 'replay.json'}", *urls]
    with (system.folder / "replay.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "cli", *arguments, env=system.full_environment, stdout=log, stderr=log
        )


@asynccontextmanager
async def _adjusting(system: System, pool: Pool) -> AsyncIterator[Adjuster]:
    """An adjuster at work as long as the context lasts; the last adjustment is waited for."""
    async with transaction(pool) as conn:
        admin, _ = await ensure_admin(conn, "chaos@laurel.example", "no password", system_clock)
    [member] = await new_members(pool, 1)
    key = system.settings.signing_key
    token = mint_access_token(key, admin.admin_id, "admin", seconds=86_400, role=Role.ADMIN)
    async with open_session(2) as session:
        adjuster = Adjuster(ApiClient(session, [system.url("admin-api")], lambda _: token), member)
        working = asyncio.create_task(adjuster.work())
        yield adjuster
        adjuster.enough.set()
        await working


async def _reached(pool: Pool, purchases: int, work: asyncio.subprocess.Process) -> bool:
    """Whether so many purchases are recorded, or no more will be."""
    async with pool.acquire() as conn:
        found: int = await conn.fetchval("select count(*) from transaction")
    return found >= purchases or work.returncode is not None


async def _settled(pool: Pool) -> bool:
    async with pool.acquire() as conn:
        return not (await count_pipeline(conn)).undecided
