"""What the supervisor last said about itself and its processes, for `laurel stack status` and the next start."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from stack.home import Home

TICKS_FIELD = 19
"""Of /proc/<pid>/stat, counted after the command's name: see proc_pid_stat(5), starttime."""

Phase = Literal["starting", "ready", "stopping", "stopped", "failed"]
Status = Literal["starting", "ready", "restarting", "stopped", "done"]


@dataclass(slots=True)
class ProcessState:
    """A process of the stack. `started` is when, by the clock; `birth` with the pid names this one process."""

    name: str
    status: Status = "starting"
    pid: int | None = None
    started: float | None = None
    birth: float | None = None
    restarts: int = 0
    address: str = ""
    log: str = ""


@dataclass(slots=True)
class StackState:
    pid: int
    birth: float | None
    phase: Phase = "starting"
    error: str = ""
    urls: dict[str, str] = field(default_factory=dict)
    processes: list[ProcessState] = field(default_factory=list)

    @property
    def all_ready(self) -> bool:
        return self.phase == "ready" and all(one.status in ("ready", "done") for one in self.processes)

    def process(self, name: str) -> ProcessState:
        """The entry of a process, made when it is not there yet."""
        for found in self.processes:
            if found.name == name:
                return found
        self.processes.append(ProcessState(name))
        return self.processes[-1]


def birth_of(pid: int) -> float | None:
    """When a process started, as its kernel counts: two processes of one pid differ in it. None when there is none.

    On Linux in ticks since the machine's start, which setting the clock does not change.
    """
    try:
        return float(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[TICKS_FIELD])
    except OSError:
        pass
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def save(home: Home, state: StackState) -> None:
    home.write(home.state_file, json.dumps(asdict(state), indent=1) + "\n")


def load(home: Home) -> StackState | None:
    """The last saved state; None when there is none, or none that can be read."""
    try:
        found: dict[str, Any] = json.loads(home.state_file.read_text())
        processes = [ProcessState(**entry) for entry in found.pop("processes")]
        return StackState(**found, processes=processes)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
