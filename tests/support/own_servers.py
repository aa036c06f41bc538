"""PostgreSQL, Valkey and Kafka of a test's own, which it may stop and start again."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from stack import plan, ports
from stack.credentials import load_or_make
from stack.home import Home
from stack.keeper import Keeper
from stack.plan import SERVER_VARIABLES, Circumstances
from stack.service import Service
from stack.state import ProcessState
from tests.support.waiting import eventually

RECOVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class OwnServers:
    """`variables` name them; `keepers` hold one process each, by name: postgres, valkey, kafka; `states` their pids."""

    variables: Mapping[str, str]
    keepers: Mapping[str, Keeper]
    states: Mapping[str, ProcessState]
    home: Home

    def process(self, name: str) -> psutil.Process:
        """The server's first process: PostgreSQL's postmaster, Kafka's Java."""
        pid = self.states[name].pid
        assert pid is not None
        return psutil.Process(pid)

    async def kill(self, name: str) -> None:
        """End the server and its children as a crash of them all would: no handler runs, nothing is written."""
        first = self.process(name)
        killed = [first, *first.children(recursive=True)]
        for process in killed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        await eventually(lambda: not first.is_running() and not any(_lives(process) for process in killed))

    async def kill_backend(self, pid: int) -> None:
        """End one of PostgreSQL's processes; the postmaster ends all others and recovers by itself. Waits for that."""
        process = psutil.Process(pid)
        assert process.ppid() == self.process("postgres").pid
        process.kill()
        await eventually(lambda: not _lives(process))
        await eventually(self.keepers["postgres"].service.is_ready, RECOVERY_SECONDS)

    async def superuser(self) -> asyncpg.Connection:
        """A session of PostgreSQL's superuser, for settings that Laurel's role may not change."""
        secrets = {"user": "postgres", "password": load_or_make(self.home).postgres_password}
        return await asyncpg.connect(self.variables["LAUREL_DATABASE_URL"], **secrets)

    async def start(self, name: str) -> None:
        """Start it again, on what it left behind."""
        await self.keepers[name].start()

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """The server is away as long as the context lasts, and ready again after it."""
        try:
            await self.keepers[name].stop(asyncio.Event())
            yield
        finally:
            await self.keepers[name].start()


@asynccontextmanager
async def own_servers(folder: Path) -> AsyncIterator[OwnServers]:
    """Servers that nobody else uses, as the stack starts them, but with nobody who restarts them."""
    home = Home.at(folder)
    home.create()
    inherited = {name: value for name, value in os.environ.items() if name not in SERVER_VARIABLES}
    with ports.reserved(home, inherited) as taken:
        circumstances = Circumstances(home, taken, load_or_make(home), inherited, lambda done, total: None)
        planned = plan.make(circumstances, servers_only=True)
        services = [part for stage in planned.stages for part in stage if isinstance(part, Service)]
        states = {service.name: ProcessState(service.name) for service in services}
        keepers = {
            service.name: Keeper(home, service, states[service.name], lambda event: None) for service in services
        }
        try:
            await asyncio.gather(*(keeper.start() for keeper in keepers.values()))
            yield OwnServers(planned.environment, keepers, states, home)
        finally:
            await asyncio.gather(*(keeper.stop(asyncio.Event()) for keeper in keepers.values()))


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
