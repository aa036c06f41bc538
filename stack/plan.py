"""What a stack runs, given the environment: every server that the user has not named, then Laurel's processes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from stack import laurel
from stack.credentials import Credentials
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
STARTED_LATER = ("LAUREL_CUSTOMER_WEB_URL", "LAUREL_ADMIN_WEB_URL")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan is made from: the folder, its ports and credentials, the user's environment, and who hears of
    downloads."""

    home: Home
    ports: Mapping[str, int]
    credentials: Credentials
    given: Mapping[str, str]
    progress: Progress

    def named_servers(self) -> dict[str, str]:
        """The addresses of servers that the user named. What this stack wrote to `env` itself names nobody: a shell
        that has read that file may start the stack again."""
        named = {name: self.given[name] for name in SERVER_VARIABLES if self.given.get(name)}
        return {name: address for name, address in named.items() if not self._is_ours(name, address)}

    def _is_ours(self, name: str, address: str) -> bool:
        marks = {
            DATABASE: f":{self.credentials.database_password}@",
            REDIS: f":{self.credentials.redis_password}@",
            KAFKA: f"{LOOPBACK}:{self.ports['LAUREL_KAFKA_PORT']}",
        }
        return marks[name] in address


def make(circumstances: Circumstances, *, servers_only: bool, with_web: bool = False) -> Plan:
    """What to run. Raises StackError when a server that the user named does not answer."""
    urls = {name: f"http://{LOOPBACK}:{circumstances.ports[port]}" for name, port in URLS.items()}
    named = circumstances.named_servers()
    for name, address in named.items():
        _check(name, address)
    servers, addresses = _servers(circumstances, named)
    own = {**urls, **addresses, **_settings(circumstances)}
    ports = {name: str(port) for name, port in circumstances.ports.items()}
    stages: list[tuple[Service | Step, ...]] = [tuple(servers)]
    later: tuple[Service, ...] = ()
    if not servers_only:
        children = {**circumstances.given, **own, **ports}
        stages += [*laurel.steps(children), laurel.services(children)]
        later = _web({**circumstances.given, **urls, **ports, **_settings_of_web(own)}) if with_web else ()
    return Plan(
        stages=tuple(stages),
        stop_order=(*laurel.STOP_ORDER, frozenset(server.name for server in servers)),
        environment=own,
        urls={} if servers_only else {name: url for name, url in urls.items() if name not in STARTED_LATER},
        later=later,
        notes=tuple(f"{name} is set: that server is used, none is started" for name in named),
    )


def _servers(circumstances: Circumstances, named: Mapping[str, str]) -> tuple[list[Service], dict[str, str]]:
    """The servers to start, and the addresses of all, in the order of SERVER_VARIABLES."""
    starters = {DATABASE: _postgres, REDIS: _valkey, KAFKA: _kafka}
    servers, addresses = [], {}
    for name in SERVER_VARIABLES:
        if name in named:
            addresses[name] = named[name]
        else:
            service, addresses[name] = starters[name](circumstances)
            servers.append(service)
    return servers, addresses


# Each server's module is imported when it is started: with servers of one's own none of their packages is needed.
def _postgres(of: Circumstances) -> tuple[Service, str]:
    from stack import postgres

    return postgres.service(of.home, of.ports["LAUREL_POSTGRES_PORT"], of.credentials, _environment(of))


def _valkey(of: Circumstances) -> tuple[Service, str]:
    from stack import valkey

    return valkey.service(of.home, of.ports["LAUREL_VALKEY_PORT"], of.credentials, _environment(of))


def _kafka(of: Circumstances) -> tuple[Service, str]:
    from stack import kafka

    ports = of.ports["LAUREL_KAFKA_PORT"], of.ports["LAUREL_KAFKA_CONTROLLER_PORT"]
    return kafka.service(of.home, *ports, _environment(of), of.progress)


def _settings_of_web(own: Mapping[str, str]) -> dict[str, str]:
    """The web apps speak to their APIs alone: no address of a server and no key of Laurel's is told to them."""
    return {name: own[name] for name in ("LAUREL_WEB_SESSION_KEY", "LAUREL_SHOP_SIGNING_KEY_FILE")}


def _web(environment: Mapping[str, str]) -> tuple[Service, ...]:
    from stack import web

    return web.services(environment)


def _environment(of: Circumstances) -> dict[str, str]:
    """A server gets little of the user's environment: JVM options and the like meant for others stay out."""
    return {name: of.given[name] for name in PASSED_TO_SERVERS if name in of.given}


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


def _settings(circumstances: Circumstances) -> dict[str, str]:
    """What the processes need beside addresses. What the user has set wins."""
    defaults = {
        "LAUREL_ADMIN_EMAIL": ADMIN_EMAIL,
        "LAUREL_ADMIN_PASSWORD": circumstances.credentials.admin_password,
        "LAUREL_SIGNING_KEY": circumstances.credentials.signing_key,
        "LAUREL_WEB_SESSION_KEY": circumstances.credentials.web_session_key,
        "LAUREL_TRANSACTION_TRUST": "open",
        "LAUREL_SHOP_SIGNING_KEY_FILE": str(circumstances.home.path / "shop-signing-key.json"),
    }
    return {name: circumstances.given.get(name) or value for name, value in defaults.items()}
