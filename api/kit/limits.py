"""Rate limits: GCRA in Redis, shared by all processes (https://brandur.org/rate-limiting).

A caller who asks often has a few requests taken from Redis at once, and spends them here: see api.kit.leases.

Redis away never stops a request: a failure opens the circuit, and for `PAUSE_SECONDS` nobody waits for Redis.
Headers as in draft-ietf-httpapi-ratelimit-headers: RateLimit-Policy says the rule, RateLimit what is left of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from redis import asyncio as aioredis
from redis.exceptions import RedisError
from throttled.asyncio.rate_limiter.gcra import GCRARateLimiter
from throttled.asyncio.store import RedisStore
from throttled.exceptions import BaseThrottledError
from throttled.rate_limiter import per_min

from api.kit.errors import TooManyRequests
from api.kit.leases import Leases

log = structlog.get_logger("api.limits")

PAUSE_SECONDS = 2.0
WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `per_minute` requests in a minute, evenly refilled; a burst may use them all at once."""

    name: str
    per_minute: int

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


class _StoreInHand(RedisStore):
    """throttled's store on our own client, with our timeouts."""

    def __init__(self, client: aioredis.Redis) -> None:
        super().__init__()
        backend: Any = self._backend
        backend._client = client


class RateLimiter:
    """Counts requests by policy and caller."""

    def __init__(
        self, client: aioredis.Redis, prefix: str = "", *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = _StoreInHand(client)
        self._prefix = f"{prefix}laurel:limit"
        self._limiters: dict[Policy, GCRARateLimiter] = {}
        self._leases = Leases(monotonic)
        self._monotonic = monotonic
        self._open_until = 0.0

    async def spend(self, policy: Policy, caller: str) -> Spent | None:
        """Count one request. None when Redis is away: the request goes on. Raises TooManyRequests."""
        key = policy.name, caller
        if lease := self._leases.spend(key):
            return Spent(policy, lease.remaining, math.ceil(lease.reset_seconds))
        if self._monotonic() < self._open_until:
            return None
        try:
            return await self._take(policy, caller, self._leases.next_size(key))
        except (RedisError, OSError, BaseThrottledError) as error:
            self._open_until = self._monotonic() + PAUSE_SECONDS
            log.warning("redis_away", error=type(error).__name__, pause_seconds=PAUSE_SECONDS)
            return None

    async def _take(self, policy: Policy, caller: str, requests: int) -> Spent:
        result = await self._limiter(policy).limit(caller, requests)
        if not result.limited:
            remaining, reset_seconds = result.state.remaining, result.state.reset_after
            self._leases.add((policy.name, caller), requests, remaining, reset_seconds)
            return Spent(policy, remaining + requests - 1, math.ceil(reset_seconds))
        if requests > 1:  # others have spent meanwhile what was left
            return await self._take(policy, caller, 1)
        seconds = max(1, math.ceil(result.state.retry_after))
        headers = Spent(policy, remaining=0, reset_seconds=seconds).headers
        raise TooManyRequests(retry_after_seconds=seconds, headers=headers, policy=policy.name)

    def _limiter(self, policy: Policy) -> GCRARateLimiter:
        found = self._limiters.get(policy)
        if found is None:
            found = GCRARateLimiter(per_min(policy.per_minute), self._store, key_prefix=f"{self._prefix}:{policy.name}")
            self._limiters[policy] = found
        return found
