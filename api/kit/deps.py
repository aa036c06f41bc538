"""What handlers work with: made when a server process starts, closed when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from redis import asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from api.kit.forgetting import forget_again_and_again
from api.kit.gathering import Together
from api.kit.limits import Policy, RateLimiter
from api.kit.pages import Cursors
from api.kit.passwords import Passwords
from api.kit.routes import Api
from api.kit.sse import HEARTBEAT_SECONDS, Hub
from api.kit.tokens import AccessTokens
from loyalty.clock import Clock, IdSource, new_id, system_clock
from loyalty.settings import Settings
from loyalty.store.database import Pool, open_pool
from outbox import Poke

BELL_CHANNEL = "laurel:changed"
REDIS_TIMEOUT_SECONDS = 0.25
REDIS_CONNECTIONS = 50


class Bell(Protocol):
    """Wakes the relay after a commit."""

    def poke(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Everything a request may need. All of it is safe to use by many requests at once."""

    settings: Settings
    pool: Pool
    redis: aioredis.Redis
    poke: Bell
    tokens: AccessTokens
    passwords: Passwords
    limiter: RateLimiter
    cursors: Cursors
    hub: Hub
    together: Together
    clock: Clock = system_clock
    new_id: IdSource = new_id

    @property
    def default_policy(self) -> Policy:
        """The limit of every caller over all routes."""
        return Policy("default", self.settings.rate_limit_per_minute)

    @property
    def login_policy(self) -> Policy:
        """The limit of attempts to sign in, for an account and for an address."""
        return Policy("login", self.settings.login_limit_per_minute)


def connect_redis(settings: Settings, timeout_seconds: float | None = REDIS_TIMEOUT_SECONDS) -> aioredis.Redis:
    """A client that gives up soon: what Redis does for a request is never worth a wait. It connects when first used."""
    return aioredis.Redis.from_url(
        str(settings.redis_url),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        max_connections=REDIS_CONNECTIONS,
        retry=Retry(NoBackoff(), 0),
        client_name="laurel-api",
    )


@asynccontextmanager
async def opened(settings: Settings, api: Api) -> AsyncIterator[Deps]:
    """Everything, opened. The servers need not be there yet: connections are made when they are first needed."""
    pool = await open_pool(
        settings.database_dsn,
        size=settings.database_pool_size,
        name=f"laurel {api.name} api",
        statement_timeout_seconds=settings.statement_timeout_seconds,
        min_size=0,
        clean_sessions=False,
    )
    redis = connect_redis(settings)
    passwords = Passwords()
    listener = connect_redis(settings, timeout_seconds=None)
    heartbeat_seconds = min(HEARTBEAT_SECONDS, settings.response_timeout_seconds / 2)
    hub = Hub(pool, listener, f"{settings.topic_prefix}{BELL_CHANNEL}", api.changes, heartbeat_seconds)
    forgetting = asyncio.create_task(forget_again_and_again(pool, system_clock), name="forget")
    try:
        async with Poke(settings.database_dsn) as poke, hub:
            yield Deps(
                settings=settings,
                pool=pool,
                redis=redis,
                poke=poke,
                tokens=AccessTokens(settings.signing_key, api.name),
                passwords=passwords,
                limiter=RateLimiter(redis, settings.topic_prefix),
                cursors=Cursors(settings.signing_key),
                hub=hub,
                together=Together(pool, settings.database_wait_seconds),
            )
    finally:
        forgetting.cancel()
        await asyncio.gather(forgetting, return_exceptions=True)
        passwords.close()
        await redis.aclose()
        await listener.aclose()
        pool.terminate()
