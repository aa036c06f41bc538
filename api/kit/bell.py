"""The bell that an API rings itself, when a request changed what members can see without the worker."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import orjson
import structlog
from redis.exceptions import RedisError

from api.kit.deps import BELL_CHANNEL, Deps

log = structlog.get_logger("api.bell")


async def ring(deps: Deps, member_ids: Collection[UUID]) -> None:
    """Tells the open pages of these members to look. Redis away: they look by themselves before long."""
    channel = f"{deps.settings.topic_prefix}{BELL_CHANNEL}"
    try:
        await deps.redis.publish(channel, orjson.dumps([str(member_id) for member_id in member_ids]))
    except (RedisError, OSError, TimeoutError) as error:
        log.info("bell_not_rung", error=type(error).__name__)
