"""The whole stack on this test's servers: every process killed comes back, and a signal stops all in order."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from stack import control, laurel, orphans
from stack.events import Event
from stack.home import Home
from stack.state import StackState
from tests.support.waiting import eventually_sync

RECOVERY_SECONDS = 90


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home.at(tmp_path / ".laurel")
    yield made
    control.down(made)


@pytest.fixture
def environment(database_url: str, redis_url: str, kafka_bootstrap: str, topic_prefix: str) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")}
    return bare | {
        "LAUREL_DATABASE_URL": database_url,
        "LAUREL_REDIS_URL": redis_url,
        "LAUREL_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "LAUREL_TOPIC_PREFIX": topic_prefix,
        "LAUREL_KAFKA_PARTITIONS": "2",
    }


def ignore(event: Event) -> None:
    """What it says is read from its log."""


def processes(state: StackState | None) -> dict[str, psutil.Process]:
    assert state is not None
    return {one.name: psutil.Process(one.pid) for one in state.processes if one.pid}


@pytest.mark.timeout(300)
def test_every_process_comes_back_and_all_stop_in_order(home: Home, environment: dict[str, str]) -> None:
    started = processes(control.up(home, environment, ignore))
    assert set(started) == set(laurel.PROCESSES)
    assert log_in(home) == http.HTTPStatus.OK

    for process in started.values():
        process.kill()
    eventually_sync(lambda: all_back(home), RECOVERY_SECONDS)
    back = processes(control.status(home))
    assert not {one.pid for one in back.values()} & {one.pid for one in started.values()}
    assert log_in(home) == http.HTTPStatus.OK

    state = control.status(home)
    assert state is not None
    supervisor = psutil.Process(state.pid)
    supervisor.send_signal(signal.SIGTERM)
    supervisor.wait(RECOVERY_SECONDS)
    assert orphans.find(home) == []
    assert not any(process.is_running() for process in back.values())
    said = home.log(control.SUPERVISOR_LOG).read_text().splitlines()
    assert [line for line in said if line.startswith("stopping")] == [
        "stopping customer-api, admin-api",
        "stopping worker",
        "stopping relay",
    ]


def all_back(home: Home) -> bool:
    state = control.status(home)
    return bool(state and state.all_ready and all(one.restarts for one in state.processes if one.pid))


def log_in(home: Home) -> int:
    """The status with which the Admin API answers the credentials that the stack has generated."""
    known = control.environment_of(home)
    connection = http.client.HTTPConnection(urlsplit(known["LAUREL_ADMIN_API_URL"]).netloc, timeout=30)
    body = json.dumps({"email": known["LAUREL_ADMIN_EMAIL"], "password": known["LAUREL_ADMIN_PASSWORD"]})
    try:
        connection.request("POST", "/api/admin/login", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()
