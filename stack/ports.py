"""Ports on loopback, chosen so that two stacks on one machine do not meet.

A port is ours when nobody listens on it and we hold its lock file: between the choice and the moment the process
listens another stack cannot choose it. A fixed port (set by the user) is taken or named in an error, never replaced.
"""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from stack.errors import PortTakenError
from stack.home import FOLDER_MODE, Home

LOOPBACK = "127.0.0.1"
ATTEMPTS = 100

PREFERRED = {
    "LAUREL_POSTGRES_PORT": 15432,
    "LAUREL_VALKEY_PORT": 16379,
    "LAUREL_KAFKA_PORT": 19092,
    "LAUREL_KAFKA_CONTROLLER_PORT": 19093,
    "LAUREL_CUSTOMER_API_PORT": 8101,
    "LAUREL_ADMIN_API_PORT": 8102,
    "LAUREL_WORKER_HEALTH_PORT": 8103,
    "LAUREL_RELAY_METRICS_PORT": 8104,
    "LAUREL_CUSTOMER_WEB_PORT": 3101,
    "LAUREL_ADMIN_WEB_PORT": 3102,
}


@contextmanager
def reserved(home: Home, environment: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """A port for every variable of PREFERRED, ours until the context ends.

    In this order: the one fixed in `environment`, the one of the last time, the preferred one, any free one.
    Raises PortTakenError when a fixed port is taken.
    """
    last = home.read_variables(home.ports_file)
    with ExitStack() as held:
        ports = {
            name: _fixed(held, name, environment[name])
            if environment.get(name)
            else _any(held, int(last.get(name, preferred)), preferred)
            for name, preferred in PREFERRED.items()
        }
        home.write_variables(home.ports_file, {name: str(port) for name, port in ports.items()})
        yield ports


def _fixed(held: ExitStack, name: str, value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65_536:
        raise PortTakenError(f"{name}={value} is not a port")
    if not _take(held, int(value)):
        raise PortTakenError(f"port {value} ({name}) is taken{_owner(int(value))}; free it or set another")
    return int(value)


def _any(held: ExitStack, *wanted: int) -> int:
    for port in wanted:
        if _take(held, port):
            return port
    for _ in range(ATTEMPTS):
        if _take(held, port := _ephemeral()):
            return port
    raise PortTakenError(f"no free port found on {LOOPBACK} in {ATTEMPTS} attempts")


def _take(held: ExitStack, port: int) -> bool:
    descriptor = os.open(_lock_folder() / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    if not _is_free(port):
        os.close(descriptor)
        return False
    held.callback(os.close, descriptor)
    return True


def _lock_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"laurel-ports-{os.getuid()}"
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PortTakenError(f"{folder} belongs to another user; remove it or set TMPDIR")
    return folder


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it, so that connections still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _ephemeral() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _owner(port: int) -> str:
    try:
        pids = {
            c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.status == "LISTEN"
        }
        names = [f"{psutil.Process(pid).name()}, process {pid}" for pid in pids if pid]
    except psutil.Error:
        return ""
    return f" by {names[0]}" if names else ""
