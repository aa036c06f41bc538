"""A stack from outside: bring it up here or in the background, read its state, take it down."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from stack import orphans, plan, ports
from stack.credentials import load_or_make
from stack.errors import AlreadyRunningError, StackError, StartError
from stack.events import Event, Noted
from stack.home import Home
from stack.laurel import LAUREL
from stack.logs import log_tail, open_log
from stack.plan import Circumstances
from stack.state import StackState, birth_of, load
from stack.supervisor import Supervisor

SUPERVISOR_LOG = "supervisor"
ERROR_PREFIX = "error: "
"""Where an error begins in the output of `laurel stack up`; it is the last thing there."""
POLL_SECONDS = 0.1
UP_SECONDS = 600.0
DOWN_SECONDS = 120.0
JARS_A_LINE = 10

Tell = Callable[[Event], None]

# A Popen warns when it is forgotten while its process runs, and these are meant to outlive us.
_background: list[subprocess.Popen[bytes]] = []


def home_of(environment: Mapping[str, str]) -> Home:
    """The folder that the environment names, else `.laurel` here."""
    return Home.of(environment)


def run(
    home: Home, environment: Mapping[str, str], tell: Tell, *, servers_only: bool = False, with_web: bool = False
) -> None:
    """Be the supervisor of `home` until SIGINT, SIGTERM or SIGHUP.

    Raises AlreadyRunningError, PortTakenError, StartError or StackError with what to do about it.
    """
    home.create()
    with ExitStack() as held:
        _hold(home, held)
        _clean_up(home, tell)
        home.env_file.unlink(missing_ok=True)
        taken = held.enter_context(ports.reserved(home, environment))
        try:
            asyncio.run(_supervise(home, environment, taken, tell, servers_only, with_web))
        finally:
            # what a process has put into a session of its own was in nobody's group
            orphans.stop(orphans.find(home))


def up(
    home: Home, environment: Mapping[str, str], tell: Tell, *, servers_only: bool = False, with_web: bool = False
) -> StackState:
    """Start a supervisor in the background and wait until everything is ready.

    `tell` hears what it says meanwhile. Raises as `run` does; a supervisor that fails has stopped everything.
    """
    home.create()
    if home.is_held():
        raise AlreadyRunningError(already_running(home))
    flags = [*(["--servers-only"] if servers_only else []), *(["--with-web"] if with_web else [])]
    arguments = [*LAUREL, "stack", "up", f"--home={home.path}", *flags]
    log = home.log(SUPERVISOR_LOG)
    log.unlink(missing_ok=True)
    with open_log(log) as output:
        supervisor = subprocess.Popen(
            arguments,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _background.append(supervisor)
    try:
        return _follow(home, supervisor, log, tell)
    except BaseException:
        supervisor.terminate()
        supervisor.wait(DOWN_SECONDS)
        raise


def down(home: Home) -> bool:
    """Stop the stack, or what a killed supervisor left of it. Whether there was anything to stop."""
    if not home.path.exists():
        return False
    stopped = _end_supervisor(home) if home.is_held() else False
    with home.hold():
        left = orphans.find(home)
        orphans.stop(left)
        home.env_file.unlink(missing_ok=True)
    return stopped or bool(left)


def status(home: Home) -> StackState | None:
    """What the living supervisor says; None when there is none."""
    return load(home) if home.is_held() else None


def environment_of(home: Home) -> dict[str, str]:
    """The variables of a running stack, as in `.laurel/env`."""
    return home.read_variables(home.env_file)


@contextmanager
def temporary(folder: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Servers that live as long as the context, with their state in `folder`; yields their variables."""
    home = Home.at(folder)
    up(home, environment, lambda event: None, servers_only=True)
    try:
        yield environment_of(home)
    finally:
        down(home)


def already_running(home: Home) -> str:
    """Who runs here, and where to reach it."""
    state = load(home)
    if state is None:
        return f"Laurel already runs in {home.path}"
    urls = "".join(f"\n  {name}={url}" for name, url in state.urls.items())
    return f"Laurel already runs in {home.path} (process {state.pid}, {state.phase}){urls}"


def _hold(home: Home, held: ExitStack) -> None:
    try:
        held.enter_context(home.hold())
    except AlreadyRunningError as error:
        raise AlreadyRunningError(already_running(home)) from error


def _clean_up(home: Home, tell: Tell) -> None:
    left = orphans.find(home)
    if left:
        names = ", ".join(sorted({orphan.name for orphan in left}))
        tell(Noted(f"a supervisor was killed here; stopping what it left: {names}"))
        orphans.stop(left)


async def _supervise(
    home: Home,
    environment: Mapping[str, str],
    taken: Mapping[str, int],
    tell: Tell,
    servers_only: bool,
    with_web: bool,
) -> None:
    def progress(done: int, total: int) -> None:
        if done % JARS_A_LINE == 0 or done == total:
            tell(Noted(f"kafka: {done} of {total} jars downloaded"))

    circumstances = Circumstances(home, taken, load_or_make(home), environment, progress)
    planned = plan.make(circumstances, servers_only=servers_only, with_web=with_web)
    supervisor = Supervisor(home, planned, tell)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _ask_to_stop, supervisor)
    await supervisor.run()


def _ask_to_stop(supervisor: Supervisor) -> None:
    """The first signal asks for order, the second for haste."""
    (supervisor.hurry if supervisor.stop.is_set() else supervisor.stop).set()


def _follow(home: Home, supervisor: subprocess.Popen[bytes], log: Path, tell: Tell) -> StackState:
    deadline, seen = time.monotonic() + UP_SECONDS, 0
    while time.monotonic() < deadline:
        ended, state = supervisor.poll() is not None, load(home)
        seen = _relay(log, seen, tell)
        if ended:
            raise StartError(_error_in(log))
        if state and state.pid == supervisor.pid and state.phase == "ready":
            return state
        time.sleep(POLL_SECONDS)
    raise StartError(f"the stack is not ready after {UP_SECONDS:g} s{log_tail(log)}")


def _relay(log: Path, seen: int, tell: Tell) -> int:
    """Pass on the whole lines that the supervisor has written since, up to its error; where to go on."""
    with log.open("rb") as file:
        file.seek(seen)
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    for line in whole.decode(errors="replace").splitlines():
        if line.startswith(ERROR_PREFIX):
            break
        tell(Noted(line))
    return seen + len(whole)


def _error_in(log: Path) -> str:
    _, prefix, error = log.read_text(errors="replace").partition(ERROR_PREFIX)
    return error.strip() if prefix else f"the supervisor ended{log_tail(log)}"


def _end_supervisor(home: Home) -> bool:
    state = load(home)
    if state is None or birth_of(state.pid) != state.birth:
        raise StackError(f"{home.path} is held by a process that has not said who it is; try again")
    supervisor = psutil.Process(state.pid)
    with contextlib.suppress(psutil.NoSuchProcess):
        supervisor.terminate()
        try:
            supervisor.wait(DOWN_SECONDS)
        except psutil.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()
    for child in _background:
        child.poll()
    return True
