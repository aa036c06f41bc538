"""What the supervisor is told to run."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

READY_SECONDS = 60.0
STOP_SECONDS = 10.0


def nothing() -> None:
    """For a service that needs no preparation."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process that is kept running.

    `prepare` runs before every start and `is_ready` is asked until it says yes; both may block. `first_signal` asks
    the process to end, at most for `stop_seconds`; `user` is the OS user it runs as, with its group.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    is_ready: Callable[[], bool]
    address: str
    prepare: Callable[[], None] = nothing
    first_signal: signal.Signals = signal.SIGTERM
    ready_seconds: float = READY_SECONDS
    stop_seconds: float = STOP_SECONDS
    user: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A command that is run once, before what comes after it, and must succeed."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    timeout_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a stack runs: stages in the order they start (the parts of one start together), then how it ends.

    `stop_order` names groups of services; those of one group are stopped together, and group after group.
    `environment` is what `.laurel/env` will hold. `later` are services that nobody waits for: they start when
    the rest is up, and one that does not start leaves the rest as it is.
    """

    stages: tuple[tuple[Service | Step, ...], ...]
    stop_order: tuple[frozenset[str], ...]
    environment: Mapping[str, str] = field(repr=False)
    urls: Mapping[str, str]
    notes: tuple[str, ...] = ()
    later: tuple[Service, ...] = ()
