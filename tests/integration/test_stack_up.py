"""`laurel stack` on real servers: started, used, killed, refused, recovered, stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import redis
from confluent_kafka.admin import AdminClient

from stack import control, orphans
from stack.home import Home
from stack.plan import SERVER_VARIABLES
from tests.support.databases import run_in_thread
from tests.support.servers import Servers
from tests.support.waiting import eventually_sync

UP_SECONDS = 120
BARE = {name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")}


@pytest.fixture
def home() -> Iterator[Home]:
    """A folder with a blank in its name, whose parent others may not enter; nothing of it lives on after the test."""
    parent = Path(tempfile.mkdtemp(prefix="laurel stack "))
    made = Home.at(parent / ".laurel")
    yield made
    laurel(made, "down")
    left = orphans.find(made)
    orphans.stop(left)
    shutil.rmtree(parent)
    assert left == []


def laurel(home: Home, *arguments: str, environment: Mapping[str, str] = BARE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "cli", "stack", arguments[0], f"--home={home.path}", *arguments[1:]]
    return subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=UP_SECONDS)


def up(home: Home, **environment: str) -> dict[str, Any]:
    done = laurel(home, "up", "--servers-only", "--detach", "--json", environment={**BARE, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def restarted(home: Home) -> bool:
    state = control.status(home)
    return bool(state and state.all_ready and all(one.restarts for one in state.processes))


def processes(state: Mapping[str, Any]) -> dict[str, psutil.Process]:
    return {one["name"]: psutil.Process(one["pid"]) for one in state["processes"]}


def all_answer(variables: Mapping[str, str]) -> None:
    assert run_in_thread(ask(variables["LAUREL_DATABASE_URL"], "show fsync")) == "on"
    with redis.Redis.from_url(variables["LAUREL_REDIS_URL"]) as client:
        assert client.ping()
    kafka = AdminClient({"bootstrap.servers": variables["LAUREL_KAFKA_BOOTSTRAP"]})
    assert kafka.list_topics(timeout=10).brokers


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def test_servers_come_up_answer_die_come_back_and_go(home: Home) -> None:
    state = up(home)
    variables = home.read_variables(Path(state["env_file"]))
    all_answer(variables)
    for path in (
        home.env_file,
        home.secrets_file,
        home.state_file,
        *home.path.glob("logs/*"),
        *home.path.glob("etc/*"),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(home.path.stat().st_mode) & 0o067 == 0

    again = laurel(home, "up", "--servers-only")
    assert again.returncode == 1
    assert f"already runs in {home.path} (process {state['pid']}, ready)" in again.stderr

    victims = processes(state)
    for victim in victims.values():
        victim.kill()
    eventually_sync(lambda: restarted(home), UP_SECONDS)
    assert laurel(home, "status").returncode == 0
    all_answer(variables)

    assert "has stopped" in laurel(home, "down").stdout
    assert not home.env_file.exists()
    assert laurel(home, "status").returncode == 3
    assert not any(process.is_running() for process in victims.values())


def test_a_killed_supervisor_is_recovered_from_and_data_and_credentials_stay(home: Home) -> None:
    state = up(home)
    before = home.read_variables(home.env_file)
    run_in_thread(ask(before["LAUREL_DATABASE_URL"], "create table kept as select 42 as answer"))
    left = processes(state)
    psutil.Process(state["pid"]).kill()
    eventually_sync(lambda: not home.is_held())
    assert all(process.is_running() for process in left.values())
    again = up(home, **before)  # a shell that has read `env` starts the same stack, not one on its servers
    assert not any(process.is_running() for process in left.values())
    assert home.read_variables(home.env_file) == before
    assert run_in_thread(ask(before["LAUREL_DATABASE_URL"], "select answer from kept")) == 42
    psutil.Process(again["pid"]).kill()
    eventually_sync(lambda: not home.is_held())
    assert "has stopped" in laurel(home, "down").stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(home: Home, servers: Servers, number: signal.Signals) -> None:
    """Valkey alone is started, so that it is quick; the way down is the same."""
    state = up(home, LAUREL_DATABASE_URL=servers.database_url, LAUREL_KAFKA_BOOTSTRAP=servers.kafka_bootstrap)
    assert list(processes(state)) == ["valkey"]
    supervisor = psutil.Process(state["pid"])
    supervisor.send_signal(number)
    supervisor.wait(30)
    assert orphans.find(home) == []


def test_the_users_own_servers_are_used_and_none_is_started(home: Home, servers: Servers) -> None:
    own = dict(zip(SERVER_VARIABLES, (servers.database_url, servers.redis_url, servers.kafka_bootstrap), strict=True))
    state = up(home, **own)
    assert state["processes"] == []
    assert {name: home.read_variables(home.env_file)[name] for name in own} == own
    assert list(home.data.iterdir()) == []


def test_an_own_server_that_is_away_is_named(home: Home) -> None:
    done = laurel(
        home, "up", "--servers-only", environment={**BARE, "LAUREL_DATABASE_URL": "postgresql://me@127.0.0.1:1/mine"}
    )
    assert done.returncode == 1
    assert "LAUREL_DATABASE_URL is set, but that server does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fixed_port_that_is_taken_is_named(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = laurel(home, "up", "--detach", "--json", environment={**BARE, "LAUREL_VALKEY_PORT": port})
    assert done.returncode == 1
    assert f"port {port} (LAUREL_VALKEY_PORT) is taken" in json.loads(done.stdout)["detail"]


def test_a_server_that_cannot_start_shows_why(home: Home) -> None:
    home.create()
    (home.data / "postgres").mkdir()
    done = laurel(home, "up", "--servers-only", "--detach")
    assert done.returncode == 1
    assert "postgres ended with status 2" in done.stderr
    assert "postgresql.conf" in done.stderr
    assert orphans.find(home) == []


def test_down_without_a_stack_says_so(home: Home) -> None:
    done = laurel(home, "down")
    assert (done.returncode, done.stdout) == (0, f"nothing was running in {home.path}\n")
