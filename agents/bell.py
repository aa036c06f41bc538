"""The bell: after a commit, Redis is told whose wallets changed, and the relay that there is something to publish.

It carries no data and is never waited for. When Redis is away the rings are lost; whoever listens looks by itself now
and then.
"""

import asyncio
import contextlib
from typing import Self
from uuid import UUID

import orjson
import structlog
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from outbox import Poke

CHANNEL = "laurel:changed"
REDIS_TIMEOUT_SECONDS = 0.5
PAUSE_WHEN_AWAY_SECONDS = 1.0

log = structlog.get_logger()


def connect_redis(url: str) -> aioredis.Redis:
    """A client that gives up at once rather than keep anyone waiting."""
    return aioredis.Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Bell:
    """Use as an async context manager; `ring` returns at once and never raises."""

    def __init__(self, redis: aioredis.Redis, poke: Poke, topic_prefix: str) -> None:
        self._redis = redis
        self._poke = poke
        self._channel = topic_prefix + CHANNEL
        self._changed: set[UUID] = set()
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def ring(self, member_ids: frozenset[UUID]) -> None:
        """Tells, soon, that these members have something new to see."""
        self._poke.poke()
        self._changed |= member_ids
        self._wanted.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="bell")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            changed, self._changed = self._changed, set()
            try:
                await self._redis.publish(self._channel, orjson.dumps([str(member_id) for member_id in changed]))
            except (RedisError, OSError, TimeoutError) as error:
                log.info("bell not rung: Redis is away", error=repr(error))
                await asyncio.sleep(PAUSE_WHEN_AWAY_SECONDS)
