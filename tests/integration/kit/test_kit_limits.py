"""Two processes spend one limit by leases: never more than it allows, and nearly all of it."""

from __future__ import annotations

import asyncio
import random
import time
from uuid import uuid4

import pytest
from redis import asyncio as aioredis

from api.kit.errors import TooManyRequests
from api.kit.leases import SHARE_OF_REMAINING
from api.kit.limits import SCRIPT, WINDOW_MICROSECONDS, Policy, RateLimiter

PER_MINUTE = 480


async def _spend_all(limiter: RateLimiter, policy: Policy, caller: str) -> int:
    spent = 0
    while True:
        try:
            assert await limiter.spend(policy, caller)
        except TooManyRequests:
            return spent
        spent += 1


async def test_two_processes_spend_one_limit(redis_url: str) -> None:
    policy, caller = Policy("lent", PER_MINUTE), str(uuid4())
    async with aioredis.Redis.from_url(redis_url) as client:
        started = time.monotonic()
        spent = await asyncio.gather(*[_spend_all(RateLimiter(client), policy, caller) for _ in range(2)])
        refilled = (time.monotonic() - started) * PER_MINUTE / 60
    assert sum(spent) <= PER_MINUTE + refilled + 1
    assert sum(spent) >= PER_MINUTE - 2 * PER_MINUTE // SHARE_OF_REMAINING


async def test_what_is_left_is_told_to_the_request(redis_url: str) -> None:
    policy, caller = Policy("lent", 10_000), str(uuid4())
    async with aioredis.Redis.from_url(redis_url) as client:
        limiter = RateLimiter(client)
        told = [await limiter.spend(policy, caller) for _ in range(200)]
    left = [spent.remaining for spent in told if spent]
    assert len(left) == 200
    assert left[0] == 9_999
    assert min(left) >= 9_800


@pytest.mark.parametrize("per_minute", [5, 31])
async def test_a_small_limit_is_exact_in_two_processes(redis_url: str, per_minute: int) -> None:
    policy, caller = Policy("small", per_minute), str(uuid4())
    async with aioredis.Redis.from_url(redis_url) as client:
        limiters = [RateLimiter(client), RateLimiter(client)]
        for number in range(per_minute):
            told = await limiters[number % 2].spend(policy, caller)
            assert told


class Gcra:
    """The definition, request by request (https://brandur.org/rate-limiting): arrival times in microseconds."""

    def __init__(self, policy: Policy) -> None:
        self._interval, self._arrivals = policy.interval, dict[str, float]()

    def allows(self, caller: str, requests: int, now: float) -> bool:
        arrival = max(now, self._arrivals.get(caller, now)) + requests * self._interval
        if arrival - WINDOW_MICROSECONDS > now:
            return False
        self._arrivals[caller] = arrival
        return True


@pytest.mark.parametrize("seed", range(20))
async def test_the_script_does_as_the_definition_says(redis_url: str, seed: int) -> None:
    """Several callers in one call, some of them twice: as if each had asked alone. Nothing comes back meanwhile."""
    chance, policy = random.Random(seed), Policy("slow", 7)
    limit, run = Gcra(policy), str(uuid4())
    async with aioredis.Redis.from_url(redis_url) as client:
        script = client.register_script(SCRIPT)
        for _ in range(10):
            asked = [(f"{run}:{chance.randrange(4)}", chance.randint(1, 3)) for _ in range(chance.randint(1, 6))]
            arguments = [each for _, n in asked for each in (policy.interval, WINDOW_MICROSECONDS, n)]
            told = await script(keys=[key for key, _ in asked], args=arguments)
            assert [not over for over in told[::4]] == [limit.allows(key, n, now=0) for key, n in asked]
            assert all(0 <= left <= policy.per_minute for left in told[1::4])
            assert all(
                0 < wait <= WINDOW_MICROSECONDS for over, wait in zip(told[::4], told[3::4], strict=True) if over
            )
