"""`laurel run` as a newcomer starts it: servers of its own, purchases, a summary, and an end that leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import processes
from tests.support.processes import LaurelProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

RUN_SECONDS = 150
WEB_BUILD_SECONDS = 600
"""Laurel stays up before its web apps are there."""
Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of Laurel is set but where its folder shall be."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")}
    return {**ours, "LAUREL_HOME": str(tmp_path / "home")}


async def test_it_stays_up_until_told_and_the_next_one_finds_all_done(
    newcomer: dict[str, str], tmp_path: Path, eventually: Eventually
) -> None:
    running = _start(newcomer, tmp_path / "run.log", "run", "--baskets=60")
    try:
        await eventually(lambda: _said(running, "Laurel stays up until Ctrl-C."), RUN_SECONDS)
        await eventually(lambda: _laurel(newcomer, "stack", "status").returncode == 0, WEB_BUILD_SECONDS)
        refused = _laurel(newcomer, "run", "--once")
        assert (refused.returncode, "already runs" in refused.stderr) == (1, True)
        running.send(signal.SIGINT)
        assert running.popen.wait(60) == 0
    finally:
        processes.end(running)
        _laurel(newcomer, "stack", "down")
    assert "60 recorded" in running.log_text()
    _again(newcomer, tmp_path / "again.json")


def _again(newcomer: dict[str, str], file: Path) -> None:
    """Once more, from a shell that has read the addresses of another time."""
    old = {**newcomer, "LAUREL_CUSTOMER_API_URL": "http://127.0.0.1:1"}
    done = _laurel(old, "run", "--once", "--baskets=60", f"--json={file}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 were there already: nothing was done for them" in done.stdout
    summary = json.loads(file.read_text())
    assert (summary["ok"], summary["recorded"], summary["already_recorded"]) == (True, 0, 60)
    assert _laurel(newcomer, "stack", "status").returncode == 3


def _start(environment: dict[str, str], log: Path, *arguments: str) -> LaurelProcess:
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return LaurelProcess(arguments, popen, log)


def _said(process: LaurelProcess, words: str) -> bool:
    assert process.running(), process.log_text()
    return words in process.log_text()


def _laurel(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)


def test_a_database_that_is_away_is_said_in_one_line(newcomer: dict[str, str]) -> None:
    done = _laurel({**newcomer, "LAUREL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "run", "--once")
    assert done.returncode == 1
    assert done.stderr.startswith("laurel run: LAUREL_DATABASE_URL is set, but that server does not answer")
    assert "Traceback" not in done.stderr


def test_a_replay_without_a_running_laurel_says_what_is_missing(newcomer: dict[str, str]) -> None:
    done = _laurel(newcomer, "replay")
    assert done.returncode == 1
    assert done.stderr.startswith("laurel replay: these settings are missing or wrong: LAUREL_DATABASE_URL")
