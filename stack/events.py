"""What a supervisor says while it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Starting:
    name: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A service answers, or a step has succeeded."""

    name: str
    address: str
    seconds: float


@dataclass(frozen=True, slots=True)
class AllReady:
    """The whole plan is up."""

    urls: Mapping[str, str]
    env_file: Path


@dataclass(frozen=True, slots=True)
class Died:
    """A service ended that should not have; it is started again after the pause."""

    name: str
    status: int
    pause_seconds: float
    restarts: int
    log: Path


@dataclass(frozen=True, slots=True)
class Stopping:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Killed:
    """A service did not end in the time that it was given."""

    name: str
    after_seconds: float


Event = Noted | Starting | Ready | AllReady | Died | Stopping | Killed


def describe(event: Event) -> str:
    """One line for a person."""
    match event:
        case Noted(text):
            return text
        case Starting(name):
            return f"{name}: starting"
        case Ready(name, address, seconds):
            return f"{name}: ready after {seconds:.1f} s{f' on {address}' if address else ''}"
        case AllReady(urls, env_file):
            places = "".join(f"{_title(name)} {url}, " for name, url in urls.items())
            return f"all is ready: {places}every address and the administrator's login in {env_file}"
        case Died(name, status, pause, restarts, log):
            return f"{name}: {_ending(status)}; starting it again in {pause:g} s (restart {restarts}), log: {log}"
        case Stopping(names):
            return f"stopping {', '.join(names)}"
        case Killed(name, after):
            return f"{name}: killed, since it had not ended after {after:.1f} s"


def _title(variable: str) -> str:
    """Customer API for LAUREL_CUSTOMER_API_URL."""
    words = variable.removeprefix("LAUREL_").removesuffix("_URL").split("_")
    return " ".join(word if word == "API" else word.capitalize() for word in words)


def _ending(status: int) -> str:
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
