"""How far behind the worker is, told to Prometheus and, for the admin console, to a hash in Redis.

Field `<topic>/<partition>` holds {"lag", "at"}. A partition whose end is not known yet is left out; whoever reads must
take an old or missing field for unknown.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import faust
import orjson
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from agents.metrics import WorkerMetrics
from loyalty.clock import Clock

KEY = "laurel:lag"
REPORT_SECONDS = 2.0
KEPT_SECONDS = 3600


class PartitionLag(NamedTuple):
    """`events` are in the partition and not yet committed as done."""

    topic: str
    partition: int
    events: int


def read_lag(app: faust.App, topic_prefix: str) -> Iterator[PartitionLag]:
    """The lag of every assigned partition whose end is known, under its topic's plain name."""
    consumer: Any = app.consumer
    for tp in consumer.assignment():
        end = consumer.highwater(tp)
        if end is not None:
            done = consumer._committed_offset.get(tp) or 0
            yield PartitionLag(tp.topic.removeprefix(topic_prefix), tp.partition, max(0, end - done))


class LagReport:
    """Publishes what read_lag gives."""

    def __init__(self, redis: aioredis.Redis, metrics: WorkerMetrics, topic_prefix: str, clock: Clock) -> None:
        self._redis = redis
        self._metrics = metrics
        self._key = topic_prefix + KEY
        self._clock = clock

    async def publish(self, lags: list[PartitionLag]) -> None:
        """Redis being away loses the report, nothing else."""
        self._metrics.lag.clear()
        for lag in lags:
            self._metrics.lag.labels(lag.topic, str(lag.partition)).set(lag.events)
        if not lags:
            return
        at = self._clock().isoformat()
        fields: dict[Any, Any] = {
            f"{lag.topic}/{lag.partition}": orjson.dumps({"lag": lag.events, "at": at}) for lag in lags
        }
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.hset(self._key, mapping=fields)
                pipeline.expire(self._key, KEPT_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError, TimeoutError):
            return
