"""What watches the worker from inside: one that lost its place in the group is ended, the lag is reported."""

import asyncio
from collections import deque
from typing import Any

import faust

from agents.ending import EXIT_CONSUMER_GROUP, end_process
from agents.lag import REPORT_SECONDS, LagReport, read_lag

WATCH_SECONDS = 2
PENDING_ERROR = "_pending_exception"
REBALANCES_WATCH_SECONDS = 30
MOST_REBALANCES = 10
"""More than this many within REBALANCES_WATCH_SECONDS are not those of workers that come and go."""


async def watch_group(app: faust.App) -> None:
    """Ends the process when it has no place in its consumer group, which Faust itself would not notice.

    That is when aiokafka's coordination routine is dead, when it has an error that nobody takes (Faust asks for
    records, and so for errors, only while it has partitions), or when rebalances do not end.
    """
    untaken: Exception | None = None
    recent: deque[int] = deque(maxlen=REBALANCES_WATCH_SECONDS // WATCH_SECONDS)
    while not app.should_stop:
        routine = _coordination_routine(app)
        if routine is not None and routine.done() and not app.should_stop:
            end_process(EXIT_CONSUMER_GROUP, "the coordination with Kafka's consumer group has died")
        error = untaken_error(app)
        if error is not None and error is untaken:
            reason = f"Kafka refused a place in the consumer group: is another worker named {_name(app)} too?"
            end_process(EXIT_CONSUMER_GROUP, reason, error)
        untaken = error
        recent.append(app.rebalancing_count)
        if recent[-1] - recent[0] > MOST_REBALANCES:
            end_process(EXIT_CONSUMER_GROUP, f"rebalances do not end: is another worker named {_name(app)} too?")
        await asyncio.sleep(WATCH_SECONDS)


async def report_lag(app: faust.App, report: LagReport, topic_prefix: str) -> None:
    """Reports the lag of the assigned partitions every REPORT_SECONDS."""
    while not app.should_stop:
        if assigned_partitions(app):
            await report.publish(list(read_lag(app, topic_prefix)))
        await asyncio.sleep(REPORT_SECONDS)


def assigned_partitions(app: faust.App) -> int:
    """How many partitions this worker has; 0 before it has joined its group."""
    consumer: Any = getattr(app, "_consumer", None)
    if consumer is None or _kafka_consumer(consumer) is None:
        return 0
    return len(consumer.assignment())


def untaken_error(app: faust.App) -> Exception | None:
    """The error that the coordination routine waits to be rid of, if there is one."""
    error: Exception | None = getattr(_coordinator(app), PENDING_ERROR, None)
    return error


def _coordination_routine(app: faust.App) -> asyncio.Task[None] | None:
    return getattr(_coordinator(app), "_coordination_task", None)


def _coordinator(app: faust.App) -> Any | None:
    consumer: Any = getattr(app, "_consumer", None)
    kafka_consumer = consumer and _kafka_consumer(consumer)
    return getattr(kafka_consumer, "_coordinator", None)


def _name(app: faust.App) -> str:
    return str(app.conf.consumer_group_instance_id)


def _kafka_consumer(consumer: Any) -> Any | None:
    return getattr(getattr(consumer, "_thread", None), "_consumer", None)
