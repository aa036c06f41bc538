"""What a stack runs, given the environment: every server that the user has not named, then Laurel's processes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from stack import credentials, laurel
from stack.errors import StackError
from stack.home import Home
from stack.ports import LOOPBACK
from stack.service import Plan, Service, Step

DATABASE, REDIS, KAFKA = "LAUREL_DATABASE_URL", "LAUREL_REDIS_URL", "LAUREL_KAFKA_BOOTSTRAP"
SERVER_VARIABLES = (DATABASE, REDIS, KAFKA)
ADMIN_EMAIL = "admin@laurel.example"
CONNECT_SECONDS = 5.0
DEFAULT_PORTS = {DATABASE: 5432, REDIS: 6379, KAFKA: 9092}
PASSED_TO_SERVERS = ("PATH", "HOME", "LANG", "TMPDIR", "USER", "LOGNAME")

URLS = {
    "LAUREL_CUSTOMER_API_URL": "LAUREL_CUSTOMER_API_PORT",
    "LAUREL_ADMIN_API_URL": "LAUREL_ADMIN_API_PORT",
    "LAUREL_CUSTOMER_WEB_URL": "LAUREL_CUSTOMER_WEB_PORT",
    "LAUREL_ADMIN_WEB_URL": "LAUREL_ADMIN_WEB_PORT",
}
NOT_BUILT_YET = ("LAUREL_CUSTOMER_WEB_URL", "LAUREL_ADMIN_WEB_URL")

Progress = Callable[[int, int], None]


def make(
    home: Home, ports: Mapping[str, int], given: Mapping[str, str], progress: Progress, *, servers_only: bool
) -> Plan:
    """The plan for a folder, its ports and the user's environment `given`.

    Raises StackError when a server that the user named does not answer.
    """
    secrets = credentials.load_or_make(home)
    servers, addresses = _servers(home, ports, given, progress, secrets)
    own = {**_urls(ports), **addresses, **_settings(given, secrets)}
    children = {**given, **own, **{name: str(port) for name, port in ports.items()}}
    stages: list[tuple[Service | Step, ...]] = [tuple(servers)]
    if not servers_only:
        stages += [*laurel.steps(children), laurel.services(children)]
    return Plan(
        stages=tuple(stages),
        stop_order=(*laurel.STOP_ORDER, frozenset(server.name for server in servers)),
        environment=own,
        urls={} if servers_only else {name: url for name, url in _urls(ports).items() if name not in NOT_BUILT_YET},
        notes=tuple(f"{name} is set: that server is used, none is started" for name in _named(given)),
    )


def _servers(
    home: Home, ports: Mapping[str, int], given: Mapping[str, str], progress: Progress, secrets: credentials.Credentials
) -> tuple[list[Service], dict[str, str]]:
    environment = {name: given[name] for name in PASSED_TO_SERVERS if name in given}
    addresses = {name: given[name] for name in _named(given)}
    for name, address in addresses.items():
        _check(name, address)
    servers = []
    for name, start in _starters(home, ports, environment, progress, secrets).items():
        if name not in addresses:
            service, addresses[name] = start()
            servers.append(service)
    return servers, {name: addresses[name] for name in SERVER_VARIABLES}


def _starters(
    home: Home,
    ports: Mapping[str, int],
    environment: Mapping[str, str],
    progress: Progress,
    secrets: credentials.Credentials,
) -> dict[str, Callable[[], tuple[Service, str]]]:
    # imported here: a machine that uses servers of its own needs none of the packages that carry ours
    def postgres() -> tuple[Service, str]:
        from stack import postgres

        return postgres.service(home, ports["LAUREL_POSTGRES_PORT"], secrets, environment)

    def valkey() -> tuple[Service, str]:
        from stack import valkey

        return valkey.service(home, ports["LAUREL_VALKEY_PORT"], secrets, environment)

    def kafka() -> tuple[Service, str]:
        from stack import kafka

        both = ports["LAUREL_KAFKA_PORT"], ports["LAUREL_KAFKA_CONTROLLER_PORT"]
        return kafka.service(home, *both, environment, progress)

    return {DATABASE: postgres, REDIS: valkey, KAFKA: kafka}


def _named(given: Mapping[str, str]) -> list[str]:
    return [name for name in SERVER_VARIABLES if given.get(name)]


def _check(name: str, address: str) -> None:
    """Say at once, and by its variable, that a server of the user is away."""
    hosts = [address] if "://" in address else [f"kafka://{one.strip()}" for one in address.split(",")]
    problems = [problem for host in hosts if (problem := _problem(host, DEFAULT_PORTS[name]))]
    if len(problems) == len(hosts):
        raise StackError(f"{name} is set, but that server does not answer: {'; '.join(problems)}")


def _problem(url: str, default_port: int) -> str:
    try:
        parts = urlsplit(url)
        where = (parts.hostname or LOOPBACK, parts.port or default_port)
        socket.create_connection(where, CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _urls(ports: Mapping[str, int]) -> dict[str, str]:
    return {name: f"http://{LOOPBACK}:{ports[port]}" for name, port in URLS.items()}


def _settings(given: Mapping[str, str], secrets: credentials.Credentials) -> dict[str, str]:
    """What the processes need beside addresses. What the user has set wins."""
    defaults = {
        "LAUREL_ADMIN_EMAIL": ADMIN_EMAIL,
        "LAUREL_ADMIN_PASSWORD": secrets.admin_password,
        "LAUREL_SIGNING_KEY": secrets.signing_key,
        "LAUREL_TRANSACTION_TRUST": "open",
    }
    return {name: given.get(name) or value for name, value in defaults.items()}
