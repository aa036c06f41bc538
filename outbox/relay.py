"""The relay: stands by, leads, publishes, and waits out whatever is away. It ends when it is told to, or when only an
operator can help (RelayStopped).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog
from confluent_kafka import KafkaException

from outbox.background import background
from outbox.checkpoint import read_checkpoint
from outbox.checks import log_findings
from outbox.database import DATABASE_ERRORS
from outbox.errors import MissingTopicError
from outbox.kafka import PipelineError
from outbox.leadership import LeaderSession, LeadershipLostError, StoppedWaiting, leading
from outbox.metrics import RelayMetrics, serving
from outbox.parking import ParkingLot
from outbox.pipeline import Pipeline
from outbox.readiness import Readiness
from outbox.settings import RelaySettings
from outbox.status import status
from outbox.term import Term
from outbox.tracing import tracing
from outbox.upkeep import keep_up

FIRST_PAUSE_SECONDS = 0.1
OBSERVE_SECONDS = 5.0
ANSWER_SECONDS = 1.0

log = structlog.get_logger("outbox")


async def run_relay(settings: RelaySettings, stop: asyncio.Event) -> None:
    """Relay until `stop` is set, then deliver what is in flight and hand the leadership over.

    Raises RelayStopped when an operator must act: ForeignHistoryError, RepartitionedError.
    """
    with ExitStack() as opened:
        metrics = RelayMetrics(opened.enter_context(tracing(settings.application_name)))
        port = opened.enter_context(serving(metrics, settings.metrics_host, settings.metrics_port))
        log.info("relay started", metrics_port=port, topics=list(settings.topics.kafka_names.values()))
        async with _observing(settings, metrics), background(log_findings(settings)):
            await _terms(settings, stop, metrics)
        log.info("relay ended")


async def _terms(settings: RelaySettings, stop: asyncio.Event, metrics: RelayMetrics) -> None:
    pauses = Pauses(settings.longest_outage_pause_seconds)
    while not stop.is_set():
        try:
            await _term(settings, stop, metrics, pauses)
        except StoppedWaiting:
            return
        except (LeadershipLostError, *DATABASE_ERRORS) as error:
            metrics.errors.labels("database").inc()
            log.warning("PostgreSQL is waited for", error=str(error) or type(error).__name__)
            await pauses.next(stop)


async def _term(settings: RelaySettings, stop: asyncio.Event, metrics: RelayMetrics, pauses: Pauses) -> None:
    wake, readiness = asyncio.Event(), Readiness(settings)
    async with readiness.kept(), leading(settings, stop, wake.set, metrics.turned) as session:
        pauses.reset()
        metrics.lead(True)
        log.info("relay leads")
        try:
            async with background(_end_at(stop, wake, session, settings)), background(keep_up(settings, metrics)):
                async with session.turn() as conn:
                    checkpoint = await read_checkpoint(conn)
                    lot = await ParkingLot.read(conn, settings.parked_keys_per_hour)
                await _pipelines(Term(settings, session, metrics, wake, stop, checkpoint, lot, readiness))
        finally:
            metrics.lead(False)


async def _pipelines(term: Term) -> None:
    pauses, stop, metrics = Pauses(term.settings.longest_outage_pause_seconds), term.stop, term.metrics
    while not stop.is_set():
        reached = term.checkpoint.published_rows
        try:
            await Pipeline(term).run()
        except (PipelineError, MissingTopicError, KafkaException) as error:
            metrics.errors.labels(type(error).__name__).inc()
            log.warning("publishing is interrupted", kind=type(error).__name__, error=str(error))
            if term.checkpoint.published_rows > reached:
                pauses.reset()
            await term.attend(pauses.next(stop))


@dataclass(slots=True)
class Pauses:
    """Pauses between tries that grow, with jitter, up to `longest_seconds`."""

    longest_seconds: float
    _seconds: float = FIRST_PAUSE_SECONDS

    def reset(self) -> None:
        """It worked: start over with short ones."""
        self._seconds = FIRST_PAUSE_SECONDS

    async def next(self, stop: asyncio.Event) -> None:
        """Wait, but not beyond `stop`."""
        seconds = min(self._seconds, self.longest_seconds)
        self._seconds = seconds * 2
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds * random.uniform(0.5, 1))


async def _end_at(stop: asyncio.Event, wake: asyncio.Event, session: LeaderSession, settings: RelaySettings) -> None:
    """Let `stop` end a rest at once, and in the end a statement that gets no answer."""
    await stop.wait()
    wake.set()
    await asyncio.sleep(settings.drain_seconds + ANSWER_SECONDS)
    log.warning("PostgreSQL does not answer: its session is left")
    session.abort()


@asynccontextmanager
async def _observing(settings: RelaySettings, metrics: RelayMetrics) -> AsyncIterator[None]:
    """Keep the gauges true, leader or not, on a connection of our own: a leader that hangs is seen by the others."""
    if settings.metrics_port is None:
        yield
        return

    async def observe() -> None:
        while True:
            with contextlib.suppress(*DATABASE_ERRORS):
                await _observe(settings, metrics)
            await asyncio.sleep(OBSERVE_SECONDS)

    async with background(observe()):
        yield


async def _observe(settings: RelaySettings, metrics: RelayMetrics) -> None:
    connection = await asyncpg.connect(
        settings.dsn,
        timeout=OBSERVE_SECONDS,
        command_timeout=OBSERVE_SECONDS,
        server_settings={"application_name": f"{settings.application_name} metrics", "search_path": settings.schema},
    )
    try:
        while True:
            metrics.observe(await status(connection))
            await asyncio.sleep(OBSERVE_SECONDS)
    finally:
        connection.terminate()
