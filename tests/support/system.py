"""All of Laurel's processes on a database and topics of their own, each of which a test may kill and start again."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from confluent_kafka.admin import AdminClient

from loyalty.settings import Settings
from stack.laurel import answers
from tests.support import databases, processes
from tests.support.campaigns import sized
from tests.support.databases import run_in_thread
from tests.support.processes import LaurelProcess
from tests.support.servers import Servers, redis_database
from tests.support.waiting import eventually

COMMANDS = {
    "customer-api-1": ("customer-api", "LAUREL_CUSTOMER_API_PORT"),
    "customer-api-2": ("customer-api", "LAUREL_CUSTOMER_API_PORT"),
    "admin-api": ("admin-api", "LAUREL_ADMIN_API_PORT"),
    "relay": ("relay", "LAUREL_RELAY_METRICS_PORT"),
    "worker": ("worker", "LAUREL_WORKER_HEALTH_PORT"),
}
READY_SECONDS = 120
COMMAND_SECONDS = sized(240, 3_600)
PARTITIONS = "4"
DROP_SECONDS = 20


@dataclass(slots=True)
class System:
    """`environment` is what every process gets; its own port comes on top."""

    environment: Mapping[str, str]
    folder: Path
    ports: Mapping[str, int]
    processes: dict[str, LaurelProcess] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        values = {name.removeprefix("LAUREL_").lower(): value for name, value in self.environment.items()}
        return Settings.model_validate(values)

    @property
    def full_environment(self) -> dict[str, str]:
        """For a command run to its end: also with a home of its own, where no stack runs."""
        return {**os.environ, **self.environment, "LAUREL_HOME": str(self.folder / "home")}

    @property
    def customer_urls(self) -> tuple[str, str]:
        return self.url("customer-api-1"), self.url("customer-api-2")

    @property
    def topic_prefix(self) -> str:
        return self.environment["LAUREL_TOPIC_PREFIX"]

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str) -> None:
        """Start it; it is not ready yet."""
        command, port = COMMANDS[name]
        environment = {**self.environment, port: str(self.ports[name])}
        self.processes[name] = processes.start((command,), environment, self.folder / f"{name}.log")

    def kill(self, name: str) -> None:
        """End it as a crash would."""
        self.processes[name].kill()

    def end(self) -> None:
        """End all of them, at the same time."""
        for process in self.processes.values():
            process.send(signal.SIGTERM)
        for process in self.processes.values():
            processes.end(process)

    def is_ready(self, name: str) -> bool:
        process = self.processes[name]
        assert process.running(), f"{name} ended with {process.popen.returncode}:\n{process.log_text()[-4000:]}"
        return answers(self.ports[name])

    def until_ready(self) -> None:
        for name in self.processes:
            run_in_thread(eventually(partial(self.is_ready, name), READY_SECONDS))

    def laurel(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `laurel <arguments>` to its end on this system."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cli", *arguments],
            env=self.full_environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@contextmanager
def own_environment(servers: Servers, template: str) -> Iterator[dict[str, str]]:
    """A database, a Redis database and topics that no one else has, as the variables that name them."""
    url = run_in_thread(databases.clone(servers.database_url, template))
    word = secrets.token_hex(5)
    with redis_database(servers.redis_url) as redis_url:
        yield {
            "LAUREL_DATABASE_URL": url,
            "LAUREL_REDIS_URL": redis_url,
            "LAUREL_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
            "LAUREL_KAFKA_PARTITIONS": PARTITIONS,
            "LAUREL_TOPIC_PREFIX": f"test-{word}.",
            "LAUREL_WORKER_ID": f"worker-{word}",
            "LAUREL_SIGNING_KEY": secrets.token_urlsafe(32),
            "LAUREL_TRANSACTION_TRUST": "open",
            "LAUREL_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        }
    run_in_thread(databases.drop(url, servers.database_url))


@contextmanager
def running_system(environment: Mapping[str, str], folder: Path) -> Iterator[System]:
    """The processes of COMMANDS, ready; they and their topics are gone afterwards."""
    system = System(environment, folder, dict(zip(COMMANDS, free_ports(len(COMMANDS)), strict=True)))
    with own_topics(system):
        try:
            for name in COMMANDS:
                system.start(name)
            system.until_ready()
            yield system
        finally:
            system.end()


@contextmanager
def own_topics(system: System) -> Iterator[None]:
    """The topics that the system needs, made now and gone afterwards."""
    created = json.loads(system.laurel("topics", "--json").stdout)["created"]
    try:
        yield
    finally:
        _drop_topics(system.environment["LAUREL_KAFKA_BOOTSTRAP"], created)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _drop_topics(bootstrap: str, topics: list[str]) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for dropped in admin.delete_topics(topics).values():
        dropped.result(DROP_SECONDS)
