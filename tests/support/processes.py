"""`laurel …` as a process of its own, as an operator would start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

END_SECONDS = 15


@dataclass(frozen=True, slots=True)
class LaurelProcess:
    """A running `laurel` command and the log it writes (both of its outputs)."""

    arguments: tuple[str, ...]
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def running(self) -> bool:
        return self.popen.poll() is None

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        if self.running():
            self.popen.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would: no handler runs."""
        self.send(signal.SIGKILL)
        self.popen.wait()

    def stop(self, timeout_seconds: float = END_SECONDS) -> int:
        """Ask it to end; its exit status. Raises subprocess.TimeoutExpired when it does not."""
        self.send(signal.SIGTERM)
        return self.popen.wait(timeout_seconds)


def start(
    arguments: tuple[str, ...], environment: Mapping[str, str], log: Path, *, module: str = "cli"
) -> LaurelProcess:
    """Start `laurel <arguments>` (or another module) with `environment` on top of our own."""
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return LaurelProcess(arguments, popen, log)


def end(process: LaurelProcess) -> None:
    """At a test's end: ask, wait, then kill (also what is frozen)."""
    try:
        process.send(signal.SIGCONT)
        process.stop()
    except subprocess.TimeoutExpired:
        process.kill()
