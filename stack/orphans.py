"""Processes that a killed supervisor left behind.

They are known by two marks, either of which is enough: the environment variable that every child of a stack
carries and passes on, and the pid and birth in the saved state (PostgreSQL overwrites its environment). Both
survive the supervisor, and neither can name a stranger that was given an old pid.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

from stack.home import Home
from stack.state import birth_of, load

HOME_MARK = "LAUREL_STACK_HOME"
NAME_MARK = "LAUREL_STACK_PROCESS"
STOP_SECONDS = 20.0
SERVERS = frozenset({"postgres", "valkey", "kafka"})


@dataclass(frozen=True, slots=True)
class Orphan:
    name: str
    process: psutil.Process


def marked(home: Home, name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` with the marks of a child of this stack."""
    return {**environment, HOME_MARK: str(home.path), NAME_MARK: name}


def find(home: Home) -> list[Orphan]:
    """Every living process that a supervisor of this folder started. Only for the one that holds the folder."""
    found = {orphan.process.pid: orphan for orphan in (*_by_environment(home), *_by_state(home))}
    return list(found.values())


def stop(orphans: Iterable[Orphan]) -> None:
    """End them: Laurel's processes first, then the servers; who does not end in time is killed."""
    found = list(orphans)
    _end([one for one in found if one.name not in SERVERS])
    _end([one for one in found if one.name in SERVERS])


def _by_environment(home: Home) -> Iterable[Orphan]:
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue
        if environment.get(HOME_MARK) == str(home.path):
            yield Orphan(environment.get(NAME_MARK, ""), process)


def _by_state(home: Home) -> Iterable[Orphan]:
    state = load(home)
    for entry in state.processes if state else ():
        if entry.pid and entry.birth and birth_of(entry.pid) == entry.birth:
            yield Orphan(entry.name, psutil.Process(entry.pid))


def _end(orphans: list[Orphan]) -> None:
    for orphan in orphans:
        _signal(orphan.process, signal.SIGINT if orphan.name == "postgres" else signal.SIGTERM)
        _signal(orphan.process, signal.SIGCONT)
    _, alive = psutil.wait_procs([orphan.process for orphan in orphans], timeout=STOP_SECONDS)
    for process in alive:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=STOP_SECONDS)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
