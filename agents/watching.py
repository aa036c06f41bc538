"""What watches the worker from inside: a dead coordinator ends the process, the lag is reported."""

import asyncio
from typing import Any

import faust

from agents.ending import EXIT_COORDINATOR_DEAD, end_process
from agents.lag import REPORT_SECONDS, LagReport, read_lag

WATCH_SECONDS = 2.0


async def watch_coordinator(app: faust.App) -> None:
    """Ends the process when aiokafka's coordination routine is dead: it would live on and consume nothing, for ever."""
    while not app.should_stop:
        routine = _coordination_routine(app)
        if routine is not None and routine.done() and not app.should_stop:
            end_process(EXIT_COORDINATOR_DEAD, "the coordination with Kafka's consumer group has died")
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


def _coordination_routine(app: faust.App) -> asyncio.Task[None] | None:
    consumer: Any = getattr(app, "_consumer", None)
    kafka_consumer = consumer and _kafka_consumer(consumer)
    coordinator = getattr(kafka_consumer, "_coordinator", None)
    return getattr(coordinator, "_coordination_task", None)


def _kafka_consumer(consumer: Any) -> Any | None:
    return getattr(getattr(consumer, "_thread", None), "_consumer", None)
