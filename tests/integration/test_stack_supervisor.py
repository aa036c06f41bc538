"""The supervisor on small real processes: order, restarts, deadlines, and nothing left behind."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from stack import orphans
from stack.errors import StackError, StartError
from stack.events import Died, Event, Killed, Noted, Ready, Stopping
from stack.home import Home
from stack.service import Plan, Service, Step
from stack.state import ProcessState, StackState, birth_of, load, save
from stack.supervisor import Supervisor
from tests.support.waiting import eventually

IDLE = "import signal; signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()"
FAILS = "import sys; print('the reason'); sys.exit(7)"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {IDLE!r}]); {IDLE}"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.at(tmp_path)
    made.create()
    return made


def always() -> bool:
    return True


def service(
    name: str, code: str = IDLE, is_ready: Callable[[], bool] = always, stop: float = 10, ready: float = 10
) -> Service:
    command = (sys.executable, "-c", code)
    return Service(name, command, dict(os.environ), is_ready, "", ready_seconds=ready, stop_seconds=stop)


def step(name: str, code: str) -> Step:
    return Step(name, (sys.executable, "-c", code), dict(os.environ))


def plan(*stages: tuple[Service | Step, ...], stop_order: tuple[str, ...] = ()) -> Plan:
    names = stop_order or tuple(part.name for stage in stages for part in stage)
    return Plan(stages, tuple(frozenset({name}) for name in names), {"LAUREL_X": "1"}, {})


class Told(list[Event]):
    """What a supervisor said."""

    def of(self, *kinds: type) -> list[Event]:
        return [event for event in self if isinstance(event, kinds)]


@asynccontextmanager
async def supervised(home: Home, planned: Plan) -> AsyncIterator[tuple[Supervisor, Told]]:
    told = Told()
    supervisor = Supervisor(home, planned, told.append)
    running = asyncio.create_task(supervisor.run())
    await asyncio.wait({running, asyncio.ensure_future(supervisor.ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
    try:
        yield supervisor, told
    finally:
        supervisor.stop.set()
        await running
        assert orphans.find(home) == []


def process_of(supervisor: Supervisor, name: str) -> psutil.Process:
    pid = supervisor.state.process(name).pid
    assert pid is not None
    return psutil.Process(pid)


async def test_stages_start_in_order_and_stop_in_theirs(home: Home) -> None:
    stages = (service("server"),), (step("step", "pass"),), (service("process"),)
    async with supervised(home, plan(*stages, stop_order=("process", "server"))) as (_, told):
        assert home.read_variables(home.env_file) == {"LAUREL_X": "1"}
    assert [event.name for event in told if isinstance(event, Ready)] == ["server", "step", "process"]
    assert told.of(Stopping) == [Stopping(("process",)), Stopping(("server",))]
    state = load(home)
    assert state is not None
    assert (state.phase, {one.status for one in state.processes}) == ("stopped", {"stopped", "done"})


async def test_a_killed_process_is_started_again_and_said_so(home: Home) -> None:
    async with supervised(home, plan((service("one"), service("other")))) as (supervisor, told):
        other = process_of(supervisor, "other").pid
        victim = process_of(supervisor, "one")
        victim.kill()
        await eventually(lambda: supervisor.state.process("one").status == "ready" and told.of(Died))
        assert process_of(supervisor, "one").pid != victim.pid
        assert process_of(supervisor, "other").pid == other
        assert told.of(Died) == [Died("one", -9, 0.5, 1, home.log("one"))]


async def test_the_pause_grows_while_it_keeps_dying(home: Home) -> None:
    async with supervised(home, plan((service("weak", "pass"),))) as (_, told):
        await eventually(lambda: len(told.of(Died)) >= 3)
    pauses = [event.pause_seconds for event in told if isinstance(event, Died)]
    assert pauses[:3] == [0.5, 1.0, 2.0]


async def test_a_restart_that_fails_says_why_and_is_tried_again(home: Home) -> None:
    outcomes: Iterator[StackError | None] = iter([None, StackError("the disk is full"), None])

    def prepare() -> None:
        if error := next(outcomes):
            raise error

    one = dataclasses.replace(service("one"), prepare=prepare)
    async with supervised(home, plan((one,))) as (supervisor, told):
        process_of(supervisor, "one").kill()
        await eventually(lambda: supervisor.state.process("one").status == "ready" and len(told.of(Died)) == 2)
    assert Noted("one: the disk is full") in told


async def test_a_restart_that_takes_too_long_is_said_and_waited_for(home: Home) -> None:
    answers = home.path / "answers"
    answers.touch()
    async with supervised(home, plan((service("one", is_ready=answers.exists, ready=0.2),))) as (supervisor, told):
        answers.unlink()
        process_of(supervisor, "one").kill()
        await eventually(lambda: [event for event in told.of(Noted) if "is not ready after 0.2 s" in str(event)])
        answers.touch()
        await eventually(lambda: supervisor.state.process("one").status == "ready")


async def test_children_of_a_process_that_died_do_not_outlive_it(home: Home) -> None:
    async with supervised(home, plan((service("parent", PARENT),))) as (supervisor, _):
        parent = process_of(supervisor, "parent")
        children = await eventually(parent.children)
        parent.kill()
        await eventually(lambda: not any(child.is_running() for child in children))


async def test_what_does_not_end_in_time_is_killed(home: Home) -> None:
    stages = ((service("deaf", DEAF, stop=0.2), service("frozen", stop=5)),)
    async with supervised(home, plan(*stages)) as (supervisor, told):
        await eventually(lambda: signal.SIGTERM.value in ignored(process_of(supervisor, "deaf")))
        process_of(supervisor, "frozen").suspend()
    assert [event.name for event in told if isinstance(event, Killed)] == ["deaf"]


def ignored(process: psutil.Process) -> set[int]:
    """The signals that a process ignores."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    mask = int(status.partition("SigIgn:")[2].split()[0], 16)
    return {number for number in range(1, 65) if mask & (1 << (number - 1))}


async def test_in_a_hurry_nothing_is_waited_for(home: Home) -> None:
    async with supervised(home, plan((service("deaf", DEAF, stop=3600),))) as (supervisor, _):
        await eventually(lambda: signal.SIGTERM.value in ignored(process_of(supervisor, "deaf")))
        supervisor.stop.set()
        supervisor.hurry.set()


@pytest.mark.parametrize("part", [service("broken", FAILS, lambda: False), step("broken", FAILS)])
async def test_a_failed_start_shows_the_logs_end_and_stops_the_rest(home: Home, part: Service | Step) -> None:
    with pytest.raises(StartError, match=r"broken ended with status 7\n(?s:.*)the reason"):
        async with supervised(home, plan((service("first"),), (part,))):
            pass
    assert orphans.find(home) == []
    state = load(home)
    assert state is not None
    assert state.phase == "failed"
    assert not home.env_file.exists()


async def test_what_is_not_ready_in_time_fails_the_start(home: Home) -> None:
    with pytest.raises(StartError, match=r"slow is not ready after 0\.2 s"):
        async with supervised(home, plan((service("slow", IDLE, lambda: False, ready=0.2),))):
            pass
    assert orphans.find(home) == []


async def test_told_to_stop_while_starting_it_stops(home: Home) -> None:
    supervisor = Supervisor(home, plan((service("first"),), (service("never", IDLE, lambda: False),)), Told().append)
    running = asyncio.create_task(supervisor.run())
    await eventually(lambda: supervisor.state.process("never").pid)
    supervisor.stop.set()
    await running
    assert orphans.find(home) == []
    assert not supervisor.ready.is_set()


async def test_a_log_that_grew_too_long_is_kept_aside(home: Home) -> None:
    log = home.log("one")
    with log.open("wb") as file:
        file.truncate(60_000_000)
    async with supervised(home, plan((service("one"),))):
        assert log.stat().st_size == 0
    assert log.with_suffix(".log.1").stat().st_size == 60_000_000


def test_orphans_are_found_by_their_mark_or_by_their_birth(home: Home) -> None:
    marks = orphans.marked(home, "marked", os.environ)
    marked = subprocess.Popen([sys.executable, "-c", IDLE], env=marks)
    known = subprocess.Popen([sys.executable, "-c", IDLE])
    state = StackState(os.getpid(), 0.0, processes=[ProcessState("known", pid=known.pid, birth=1.0)])
    save(home, state)
    assert {one.process.pid for one in orphans.find(home)} == {marked.pid}, "a pid alone names no process"
    state.process("known").birth = birth_of(known.pid)
    save(home, state)
    found = orphans.find(home)
    assert {one.process.pid for one in found} == {marked.pid, known.pid}
    orphans.stop(found)
    assert orphans.find(home) == []
    for one in (marked, known):
        one.wait()
