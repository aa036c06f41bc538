"""Sends a webhook: one POST, to a public address, with a limit on every wait and on what is read.

The address that was judged is the one that is called: names are resolved here, once, and redirects are not followed, so
that no name can lead to another place after it was looked at. Proxies of the environment are not used.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from loyalty.clock import Clock
from loyalty.domain.webhook import Network, check_url, may_be_called, sign
from loyalty.store.webhooks import AttemptMade, DueDelivery

TIMEOUT_SECONDS = 15.0
CONNECT_SECONDS = 5.0
ANSWER_BYTES = 2_000
ERROR_CHARACTERS = 300
USER_AGENT = "Laurel-Webhooks/1"


class NotPublic(OSError):
    """The name leads to an address that must not be called."""


class PublicResolver(AbstractResolver):
    """Resolves names to addresses that may be called. Raises NotPublic when one of them may not."""

    def __init__(self, allowed: Sequence[Network], names: AbstractResolver | None = None) -> None:
        self._allowed = allowed
        self._resolver = names or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for one in found:
            if not may_be_called(ip_address(one["host"].partition("%")[0]), self._allowed):
                raise NotPublic(f"{host} leads to an address that is not public")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def open_session(allowed: Sequence[Network], names: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A session that calls public addresses only, and those of networks that the operator allows.

    `names` says where names lead, in place of the system.
    """
    resolver = PublicResolver(allowed, names)
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, sock_connect=CONNECT_SECONDS)
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


async def send(
    session: aiohttp.ClientSession,
    due: DueDelivery,
    secrets: Sequence[str],
    allowed: Sequence[Network],
    clock: Clock,
) -> AttemptMade:
    """One attempt. Whatever goes wrong on the way or there is in what it returns."""
    at, started = clock(), time.monotonic()
    status, answer, error = None, None, check_url(due.url, allowed)
    if error is None:
        try:
            status, answer = await _post(session, due, secrets, at)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as failure:
            error = _told(failure)[:ERROR_CHARACTERS]
    return AttemptMade(at, int((time.monotonic() - started) * 1000), status, error, answer)


def body_of(due: DueDelivery) -> bytes:
    """The message: the same bytes at every attempt."""
    message = {"type": due.event_type, "timestamp": due.occurred_at, "data": orjson.Fragment(due.payload)}
    return orjson.dumps(message, option=orjson.OPT_UTC_Z)


def _told(failure: BaseException) -> str:
    if isinstance(failure, aiohttp.ClientConnectorError) and isinstance(failure.os_error, NotPublic):
        failure = failure.os_error
    return str(failure) or type(failure).__name__


async def _post(
    session: aiohttp.ClientSession, due: DueDelivery, secrets: Sequence[str], at: datetime
) -> tuple[int, str]:
    body, timestamp = body_of(due), int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": str(due.delivery_id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, str(due.delivery_id), timestamp, body),
    }
    url = URL(due.url, encoded=True)
    async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
        read = await answer.content.read(ANSWER_BYTES)
        return answer.status, read.decode(errors="replace").replace("\0", "\ufffd")
