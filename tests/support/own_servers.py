"""PostgreSQL, Valkey and Kafka of a test's own, which it may stop and start again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import plan, ports
from stack.credentials import load_or_make
from stack.home import Home
from stack.keeper import Keeper
from stack.plan import SERVER_VARIABLES, Circumstances
from stack.service import Service
from stack.state import ProcessState


@dataclass(frozen=True, slots=True)
class OwnServers:
    """`variables` name them; `keepers` hold one process each, by name: postgres, valkey, kafka."""

    variables: Mapping[str, str]
    keepers: Mapping[str, Keeper]

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
        keepers = {
            service.name: Keeper(home, service, ProcessState(service.name), lambda event: None) for service in services
        }
        try:
            await asyncio.gather(*(keeper.start() for keeper in keepers.values()))
            yield OwnServers(planned.environment, keepers)
        finally:
            await asyncio.gather(*(keeper.stop(asyncio.Event()) for keeper in keepers.values()))
