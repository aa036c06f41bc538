"""The worker's lag. The Admin API has no Kafka client: the worker tells its lag in Redis, as a hash from
`<topic>/<partition>` to {"lag": events, "at": RFC 3339 time}.

What is missing, unreadable or old is unknown, which is never shown as 0.
"""

import json
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import asyncio as aioredis
from redis.exceptions import RedisError

from schemas.admin.pipeline import Consumers, PartitionLag

KEY = "laurel:lag"
CONSUMED_TOPICS = ("event.recorded", "reward.redeemed", "transaction.recorded", "transaction.refunded")
FRESH = timedelta(seconds=15)


async def read_lag(redis: aioredis.Redis, topic_prefix: str, partitions: int, now: datetime) -> Consumers:
    """The lag of `partitions` partitions of each topic as the worker told it last. Redis away: unknown."""
    try:
        told: dict[bytes, bytes] = await cast("Awaitable[dict[bytes, bytes]]", redis.hgetall(topic_prefix + KEY))
    except (RedisError, OSError, TimeoutError):
        told = {}
    return consumers(told, partitions, now)


def consumers(told: Mapping[bytes, bytes], partitions: int, now: datetime) -> Consumers:
    """The hash as figures. The sum is unknown while any partition is."""
    read = [_partition(topic, n, told, now) for topic in CONSUMED_TOPICS for n in range(partitions)]
    lags = [one.lag_events for one in read if one.lag_events is not None]
    known = len(lags) == len(read)
    return Consumers(known=known, lag_events=sum(lags) if known else None, partitions=read)


def _partition(topic: str, number: int, told: Mapping[bytes, bytes], now: datetime) -> PartitionLag:
    lag_events, reported_at = _report(told.get(f"{topic}/{number}".encode()))
    if reported_at is None or now - reported_at > FRESH:
        lag_events = None
    return PartitionLag(topic=topic, partition=number, lag_events=lag_events, reported_at=reported_at)


def _report(raw: bytes | None) -> tuple[int | None, datetime | None]:
    try:
        told = json.loads(raw or b"")
        return int(told["lag"]), datetime.fromisoformat(told["at"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None, None
