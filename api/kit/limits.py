"""Rate limits: GCRA in Redis, shared by all processes (https://brandur.org/rate-limiting).

A caller who asks often has a few requests taken from Redis at once, and spends them here: see api.kit.leases. Those
who ask at the same moment are asked for in one call of the script.

Redis away never stops a request: a failure opens the circuit, and for `PAUSE_SECONDS` nobody waits for Redis.
Headers as in draft-ietf-httpapi-ratelimit-headers: RateLimit-Policy says the rule, RateLimit what is left of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from api.kit.errors import TooManyRequests
from api.kit.gathering import Gathering
from api.kit.leases import Leases

log = structlog.get_logger("api.limits")

PAUSE_SECONDS = 2.0
WINDOW_SECONDS = 60
WINDOW_MICROSECONDS = WINDOW_SECONDS * 1_000_000
CALLERS_AT_ONCE = 256
SCRIPT = (Path(__file__).parent / "gcra.lua").read_text()


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `per_minute` requests in a minute, evenly refilled; a burst may use them all at once."""

    name: str
    per_minute: int

    @property
    def interval(self) -> float:
        """Microseconds in which one request comes back."""
        return WINDOW_MICROSECONDS / self.per_minute

    @property
    def header(self) -> str:
        return f'"{self.name}";q={self.per_minute};w={WINDOW_SECONDS}'


@dataclass(frozen=True, slots=True)
class Spent:
    """What is left after a request."""

    policy: Policy
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        left = f'"{self.policy.name}";r={self.remaining};t={self.reset_seconds}'
        return {"RateLimit-Policy": self.policy.header, "RateLimit": left}


@dataclass(frozen=True, slots=True)
class _Wanted:
    key: str
    policy: Policy
    requests: int


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the limit said. Seconds until all is back, and until what was refused would fit."""

    over: bool
    remaining: int
    reset_seconds: float
    retry_seconds: float


class RateLimiter:
    """Counts requests by policy and caller."""

    def __init__(
        self, client: aioredis.Redis, prefix: str = "", *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._script = client.register_script(SCRIPT)
        self._prefix = f"{prefix}laurel:limit"
        self._together: Gathering[_Wanted, _Taken | None] = Gathering(
            self._ask_redis, items_limit=CALLERS_AT_ONCE, flights_limit=1
        )
        self._leases = Leases(monotonic)
        self._monotonic = monotonic
        self._open_until = 0.0

    async def spend(self, policy: Policy, caller: str) -> Spent | None:
        """Count one request. None when Redis is away: the request goes on. Raises TooManyRequests."""
        key = policy.name, caller
        if lease := self._leases.spend(key):
            return Spent(policy, lease.remaining, math.ceil(lease.reset_seconds))
        return await self._take(policy, caller, self._leases.next_size(key))

    async def _take(self, policy: Policy, caller: str, requests: int) -> Spent | None:
        taken = await self._together.ask(_Wanted(f"{self._prefix}:{policy.name}:{caller}", policy, requests))
        if taken is None:
            return None
        if not taken.over:
            self._leases.add((policy.name, caller), requests, taken.remaining, taken.reset_seconds)
            return Spent(policy, taken.remaining + requests - 1, math.ceil(taken.reset_seconds))
        if requests > 1:  # others have spent meanwhile what was left
            return await self._take(policy, caller, 1)
        seconds = max(1, math.ceil(taken.retry_seconds))
        headers = Spent(policy, remaining=0, reset_seconds=seconds).headers
        raise TooManyRequests(retry_after_seconds=seconds, headers=headers, policy=policy.name)

    async def _ask_redis(self, wanted: Sequence[_Wanted]) -> Sequence[_Taken | None]:
        if self._monotonic() < self._open_until:
            return [None] * len(wanted)
        arguments = [number for each in wanted for number in (each.policy.interval, WINDOW_MICROSECONDS, each.requests)]
        try:
            told = await self._script(keys=[each.key for each in wanted], args=arguments)
        except (RedisError, OSError) as error:
            self._open_until = self._monotonic() + PAUSE_SECONDS
            log.warning("redis_away", error=type(error).__name__, pause_seconds=PAUSE_SECONDS)
            return [None] * len(wanted)
        return [_taken(*told[start : start + 4]) for start in range(0, len(told), 4)]


def _taken(over: int, remaining: int, reset_microseconds: int, retry_microseconds: int) -> _Taken:
    return _Taken(bool(over), remaining, reset_microseconds / 1e6, retry_microseconds / 1e6)
