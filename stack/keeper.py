"""Keeps one service running: starts it, waits until it answers, starts it again when it dies, ends it when asked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable

from stack.errors import StackError, StartError
from stack.events import Died, Event, Killed, Noted, Ready, Starting
from stack.home import UMASK, Home
from stack.logs import log_tail, open_log, shorten_log
from stack.orphans import marked
from stack.service import Service, Step
from stack.state import ProcessState, birth_of

READY_POLL_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
MOST_DOUBLINGS = 10
STEADY_SECONDS = 60.0
"""A service that ran this long has recovered: its next pause is the first again."""

Tell = Callable[[Event], None]


class Keeper:
    """One service of a running stack. `state` is shared with the supervisor, which saves it at every event."""

    def __init__(self, home: Home, service: Service, state: ProcessState, tell: Tell) -> None:
        self._home, self.service, self._state, self._tell = home, service, state, tell
        self._log = home.log(service.name)
        self._process: asyncio.subprocess.Process | None = None
        self._began = 0.0
        state.address, state.log = service.address, str(self._log)

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises StartError with the log's end when it dies first or takes too long.
        """
        await self._spawn()
        await self._until_ready()

    async def keep(self) -> None:
        """Start it again whenever it ends, for as long as this is awaited."""
        pauses = 0
        while True:
            status = await self._wait()
            self._end_group()
            pauses = 0 if time.monotonic() - self._began > STEADY_SECONDS else pauses
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**pauses)
            pauses = min(pauses + 1, MOST_DOUBLINGS)
            self._state.status, self._state.pid = "restarting", None
            self._state.restarts += 1
            self._tell(Died(self.service.name, status, pause, self._state.restarts, self._log))
            await asyncio.sleep(pause)
            await self._restart()

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask it to end; kill what has not ended in its time, or at once when in a hurry."""
        asked = time.monotonic()
        if self._process is not None and self._runs():
            self._signal(self.service.first_signal)
            self._signal(signal.SIGCONT)
            if not await self._ends(hurry):
                self._tell(Killed(self.service.name, time.monotonic() - asked))
                self._signal(signal.SIGKILL)
                await self._process.wait()
            self._end_group()
        self._state.status, self._state.pid = "stopped", None

    async def _spawn(self) -> None:
        self._tell(Starting(self.service.name))
        self._process = None
        await asyncio.to_thread(self.service.prepare)
        shorten_log(self._log)
        self._began = time.monotonic()
        user, group = self.service.user or (None, None)
        with open_log(self._log) as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.service.command,
                env=marked(self._home, self.service.name, self.service.environment),
                cwd=self._home.path,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=UMASK,
                user=user,
                group=group,
                extra_groups=[] if self.service.user else None,
            )
        self._state.pid = self._process.pid
        self._state.started, self._state.birth = time.time(), birth_of(self._process.pid)

    async def _until_ready(self) -> None:
        name, deadline = self.service.name, time.monotonic() + self.service.ready_seconds
        while not await asyncio.to_thread(self.service.is_ready):
            if not self._runs():
                raise StartError(f"{name} ended with status {await self._wait()}{log_tail(self._log)}")
            if time.monotonic() > deadline:
                raise StartError(f"{name} is not ready after {self.service.ready_seconds:g} s{log_tail(self._log)}")
            await asyncio.sleep(READY_POLL_SECONDS)
        self._state.status = "ready"
        self._tell(Ready(name, self.service.address, time.monotonic() - self._began))

    async def _restart(self) -> None:
        """A start that fails is no error here: `keep` sees that nothing runs and tries again."""
        try:
            await self._spawn()
        except (StackError, OSError) as error:
            return self._tell(Noted(f"{self.service.name}: {error}"))
        while self._runs():
            try:
                return await self._until_ready()
            except StartError as error:
                self._tell(Noted(str(error)))
        return None

    def _runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _wait(self) -> int:
        return await self._process.wait() if self._process else 0

    async def _ends(self, hurry: asyncio.Event) -> bool:
        waits = {asyncio.ensure_future(self._wait()), asyncio.ensure_future(hurry.wait())}
        await asyncio.wait(waits, timeout=self.service.stop_seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return not self._runs()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._runs():
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _end_group(self) -> None:
        """End the children that the process has left; each service leads a process group of its own."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


async def run_step(home: Home, step: Step, state: ProcessState, tell: Tell) -> None:
    """Run a step to its end. Raises StartError with the log's end when it fails or takes too long."""
    log, began = home.log(step.name), time.monotonic()
    state.log = str(log)
    tell(Starting(step.name))
    shorten_log(log)
    with open_log(log) as output:
        process = await asyncio.create_subprocess_exec(
            *step.command,
            env=marked(home, step.name, step.environment),
            cwd=home.path,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            umask=UMASK,
        )
    try:
        status = await asyncio.wait_for(process.wait(), step.timeout_seconds)
    except BaseException as error:
        process.kill()
        await process.wait()
        if isinstance(error, TimeoutError):
            raise StartError(f"{step.name} did not end in {step.timeout_seconds:g} s{log_tail(log)}") from error
        raise
    if status != 0:
        raise StartError(f"{step.name} ended with status {status}{log_tail(log)}")
    state.status = "done"
    tell(Ready(step.name, "", time.monotonic() - began))
