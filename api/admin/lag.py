"""The worker's lag. The Admin API has no Kafka client: the worker tells its lag in Redis, as a hash from
`<topic>/<partition>` to `{"lag": events, "at": seconds since 1970}`.

What is missing, unreadable or old is unknown, which is never shown as 0.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from redis import asyncio as aioredis
from redis.exceptions import RedisError

from schemas.admin.pipeline import Consumers, PartitionLag

KEY = "laurel:lag"
FRESH = timedelta(seconds=30)

UNKNOWN = Consumers(known=False, lag_events=None, partitions=[])


async def read_lag(redis: aioredis.Redis, topic_prefix: str, now: datetime) -> Consumers:
    """The lag as the worker told it last. Redis away: unknown."""
    try:
        told = await redis.hgetall(topic_prefix + KEY)  # type: ignore[misc]  # redis-py: awaitable or not, by the client
    except (RedisError, OSError, TimeoutError):
        return UNKNOWN
    return consumers(told, now)


def consumers(told: Mapping[bytes, bytes], now: datetime) -> Consumers:
    """The hash as figures."""
    read = [_partition(name, report, now) for name, report in told.items()]
    partitions = sorted((one for one in read if one), key=lambda one: (one.topic, one.partition))
    lags = [one.lag_events for one in partitions if one.lag_events is not None]
    known = bool(partitions) and len(lags) == len(told)
    return Consumers(known=known, lag_events=sum(lags) if known else None, partitions=partitions)


def _partition(name: bytes, report: bytes, now: datetime) -> PartitionLag | None:
    try:
        topic, _, number = name.decode().rpartition("/")
        told = json.loads(report)
        at = datetime.fromtimestamp(float(told["at"]), UTC)
        lag_events = int(told["lag"]) if now - at <= FRESH else None
        return PartitionLag(topic=topic, partition=int(number), lag_events=lag_events, reported_at=at)
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return None
