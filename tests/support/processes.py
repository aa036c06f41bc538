"""`laurel …` as a process of its own, as an operator would start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

END_SECONDS = 15
SECRETS = ("LAUREL_SIGNING_KEY", "LAUREL_ADMIN_PASSWORD")
WITH_PASSWORDS = ("LAUREL_DATABASE_URL", "LAUREL_REDIS_URL")
SHORTEST_SECRET = 8
"""Characters. A shorter word may be in a log by chance."""


@dataclass(frozen=True, slots=True)
class LaurelProcess:
    """A running `laurel` command and the log it writes (both of its outputs)."""

    arguments: tuple[str, ...]
    popen: subprocess.Popen[bytes]
    log: Path
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

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
    whole = {**os.environ, **environment}
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            env=whole,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return LaurelProcess(arguments, popen, log, secrets_in(whole))


def secrets_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets that a process is given, by the variable that holds them."""
    passwords = {name: urlsplit(environment.get(name, "")).password for name in WITH_PASSWORDS}
    given = passwords | {name: environment.get(name) for name in SECRETS}
    return {name: secret for name, secret in given.items() if secret and len(secret) >= SHORTEST_SECRET}


def end(process: LaurelProcess) -> None:
    """At a test's end: ask, wait, then kill (also what is frozen). Then look for secrets in what it wrote.

    So the logs of every process of a whole test run are searched. Raises AssertionError.
    """
    try:
        process.send(signal.SIGCONT)
        process.stop()
    except subprocess.TimeoutExpired:
        process.kill()
    text = process.log_text()
    leaked = [name for name, secret in process.secrets.items() if secret in text]
    assert not leaked, f"{process.log} of `laurel {' '.join(process.arguments)}` shows {leaked}"
