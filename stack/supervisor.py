"""Runs a plan: stage after stage up, everything kept running, everything down in order.

Invariant: when `run` returns or raises, no process of the plan lives.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence

from stack.errors import StartError
from stack.events import AllReady, Event, Noted, Stopping
from stack.home import Home
from stack.keeper import Keeper, run_step
from stack.logs import shorten_log
from stack.service import Plan, Service, Step
from stack.state import Phase, StackState, birth_of, save

LOG_CHECK_SECONDS = 30.0

Tell = Callable[[Event], None]


class Supervisor:
    """For the process that holds `home`. Set `stop` to end it in order, `hurry` to kill what has not ended yet."""

    def __init__(self, home: Home, plan: Plan, tell: Tell) -> None:
        self._home, self._plan = home, plan
        self._tell_user = tell
        self._keepers: list[Keeper] = []
        self._keeping: list[asyncio.Task[None]] = []
        self._later: list[asyncio.Task[None]] = []
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()
        self.ready = asyncio.Event()
        self.state = StackState(os.getpid(), birth_of(os.getpid()), urls=dict(plan.urls))

    async def run(self) -> None:
        """Bring everything up, keep it up until `stop` is set, take it down.

        Raises StartError when something does not start; what had started is stopped first.
        """
        try:
            if await self._start():
                await self._until_stop()
        except StartError as error:
            self.state.error = str(error)
            raise
        finally:
            await self._stop()
            self._enter("failed" if self.state.error else "stopped")

    async def _start(self) -> bool:
        """Whether everything started; not so when told to stop meanwhile."""
        self._enter("starting")
        for note in self._plan.notes:
            self._tell(Noted(note))
        starting = asyncio.ensure_future(self._start_stages())
        stopped = asyncio.ensure_future(self.stop.wait())
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return False
        await starting
        return True

    async def _start_stages(self) -> None:
        for stage in self._plan.stages:
            parts = [asyncio.ensure_future(self._start_part(part)) for part in stage]
            try:
                await asyncio.gather(*parts)
            finally:
                for part in parts:
                    part.cancel()
                await asyncio.gather(*parts, return_exceptions=True)

    async def _start_part(self, part: Service | Step) -> None:
        state = self.state.process(part.name)
        if isinstance(part, Step):
            return await run_step(self._home, part, state, self._tell)
        keeper = Keeper(self._home, part, state, self._tell)
        self._keepers.append(keeper)
        await keeper.start()
        self._keeping.append(asyncio.create_task(keeper.keep(), name=part.name))
        return None

    async def _start_later(self, service: Service) -> None:
        try:
            await self._start_part(service)
        except StartError as error:
            self.state.process(service.name).status = "stopped"
            self._tell(Noted(f"{error}\n{service.name} is not there; everything else goes on"))

    async def _until_stop(self) -> None:
        self._home.write_variables(self._home.env_file, self._plan.environment)
        self._tell(AllReady(self._plan.urls, self._home.env_file))
        self._enter("ready")
        self.ready.set()
        self._later = [asyncio.create_task(self._start_later(one)) for one in self._plan.later]
        stopped = asyncio.create_task(self.stop.wait())
        while not stopped.done():
            # a keeper ends only by a bug of ours; then say so instead of watching less than was promised
            done, _ = await asyncio.wait(
                {stopped, *self._keeping}, timeout=LOG_CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopped}:
                task.result()
            for keeper in self._keepers:
                shorten_log(self._home.log(keeper.service.name))

    async def _stop(self) -> None:
        self._enter("stopping")
        for task in (*self._later, *self._keeping):
            task.cancel()
        await asyncio.gather(*self._later, *self._keeping, return_exceptions=True)
        for group in self._plan.stop_order:
            await self._stop_group([keeper for keeper in self._keepers if keeper.service.name in group])

    async def _stop_group(self, keepers: Sequence[Keeper]) -> None:
        if keepers:
            self._tell(Stopping(tuple(keeper.service.name for keeper in keepers)))
            await asyncio.gather(*(keeper.stop(self.hurry) for keeper in keepers))
            save(self._home, self.state)

    def _tell(self, event: Event) -> None:
        save(self._home, self.state)
        self._tell_user(event)

    def _enter(self, phase: Phase) -> None:
        self.state.phase = phase
        save(self._home, self.state)
