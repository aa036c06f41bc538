"""A client of the Customer API that does not give up easily.

What may have been lost on the way is sent again with the same Idempotency-Key: 429, 502, 503, 504 and broken
connections are tried again with growing pauses, until an answer comes or patience ends. Any other answer is the
caller's to judge.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import orjson

MintToken = Callable[[UUID], str]
"""Gives a member's access token."""

TRY_AGAIN = frozenset({429, 502, 503, 504})
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_RETRY_AFTER_SECONDS = 30.0
REQUEST_TIMEOUT_SECONDS = 30.0
DETAIL_BYTES = 200


class GaveUp(Exception):
    """No answer came for as long as we were willing to ask."""

    def __init__(self, path: str, attempts: int, last: str) -> None:
        self.path, self.attempts, self.last = path, attempts, last
        super().__init__(f"{path}: no answer in {attempts} attempts; the last one: {last}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back in the end. `replayed`: the server had answered this key before. `at` is time.monotonic()."""

    status: int
    body: Mapping[str, Any]
    replayed: bool
    attempts: int
    at: float

    @property
    def is_new(self) -> bool:
        """Whether this call did what it asked for (perhaps in an attempt whose answer was lost)."""
        return self.status in (201, 202) and (not self.replayed or self.attempts > 1)


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Speaks as any member to one or several processes of the Customer API, taking turns between them."""

    session: aiohttp.ClientSession
    urls: Sequence[str]
    mint: MintToken
    patience_seconds: float = 120.0
    retries_by_cause: dict[str, int] = field(default_factory=dict)

    async def post(self, member_id: UUID, path: str, body: Mapping[str, Any], key: str) -> Answer:
        """Send `body` as the member. Raises GaveUp."""
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return await self._ask("POST", member_id, path, headers, orjson.dumps(body))

    async def get(self, member_id: UUID, path: str) -> Answer:
        """Read as the member. Raises GaveUp."""
        return await self._ask("GET", member_id, path, {}, None)

    async def _ask(
        self, method: str, member_id: UUID, path: str, headers: Mapping[str, str], data: bytes | None
    ) -> Answer:
        deadline = time.monotonic() + self.patience_seconds
        attempts = 0
        while True:
            url = self.urls[(member_id.int + attempts) % len(self.urls)]
            attempts += 1
            answer = await self._try(method, url + path, self._signed(member_id, headers), data, attempts)
            if isinstance(answer, Answer):
                return answer
            if time.monotonic() > deadline:
                raise GaveUp(path, attempts, answer.cause)
            self.retries_by_cause[answer.cause] = self.retries_by_cause.get(answer.cause, 0) + 1
            await asyncio.sleep(answer.pause_seconds)

    def _signed(self, member_id: UUID, headers: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.mint(member_id)}", **headers}

    async def _try(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None, attempt: int
    ) -> Answer | TryAgain:
        try:
            async with self.session.request(method, url, headers=headers, data=data) as response:
                if response.status in TRY_AGAIN:
                    return TryAgain(str(response.status), _pause(attempt, response.headers.get("Retry-After")))
                body = _read(await response.read())
                replayed = response.headers.get("Idempotency-Replayed") == "true"
                return Answer(response.status, body, replayed, attempt, time.monotonic())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return TryAgain(type(error).__name__, _pause(attempt, None))


@dataclass(frozen=True, slots=True)
class TryAgain:
    """An attempt that proved nothing: the same request may succeed later."""

    cause: str
    pause_seconds: float


def _read(body: bytes) -> Mapping[str, Any]:
    """The body's object; what is none was not said by Laurel, and is kept as the detail."""
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"detail": body[:DETAIL_BYTES].decode(errors="replace")}


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds until the next attempt: doubling, with jitter, and never before the server asked to be asked again."""
    growing = min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempt - 1, 10), LONGEST_PAUSE_SECONDS)
    asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
    return max(growing * random.uniform(0.5, 1.0), min(asked, LONGEST_RETRY_AFTER_SECONDS))


def open_session(connections: int) -> aiohttp.ClientSession:
    """An HTTP session of at most `connections` connections."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_SECONDS, connect=5),
    )
