"""From the log to Kafka: one producer's life within a leader's term.

It begins with what is certain, the checkpoint, and looks at the topics for what was published beyond it. Then page
after page is read while the ones before are in flight. The position moves when a page is delivered whole, in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import asyncpg
import structlog

from outbox.checkpoint import Checkpoint, Ends, save_checkpoint
from outbox.kafka import LARGEST_BATCH_BYTES, RefusedError, one_by_one_config, producer_config
from outbox.leadership import DATABASE_ERRORS, LeaderSession, LeadershipLostError
from outbox.log import ID, LogReader, Page, Position, Row
from outbox.metrics import RelayMetrics
from outbox.one_by_one import Delivered, OneByOne, Refused
from outbox.parking import ParkingLot, Request
from outbox.partitions import add_partitions
from outbox.publisher import Publisher
from outbox.reconciliation import Published, look_beyond
from outbox.settings import RelaySettings

T = TypeVar("T")

FULL_PIPELINE_PAUSE_SECONDS = 0.0005
PAUSE_GROWTH = 1.3
REQUESTS_SECONDS = 1.0
PARTITIONS_SECONDS = 60.0
PARKED_PAGE_ROWS = 500

log = structlog.get_logger("outbox")


@dataclass(slots=True)
class Term:
    """A leader's term: what its pipelines share, and what they have reached."""

    settings: RelaySettings
    session: LeaderSession
    metrics: RelayMetrics
    wake: asyncio.Event
    stop: asyncio.Event
    checkpoint: Checkpoint
    lot: ParkingLot
    suspect_rows: int = 0
    """So many rows are to be published one by one, since one of them was refused."""

    async def attend(self, work: Awaitable[T]) -> T:
        """Await something slow without losing the leadership over it."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self.settings.leadership_seconds / 6)
                await self.session.beat()
                self.metrics.turned()
        finally:
            task.cancel()
        return task.result()


@dataclass(slots=True)
class Pace:
    """When the checkpoint was saved, and what was published since."""

    saved_rate: float = 0.0
    saved_at: float = field(default_factory=time.monotonic)
    rows: int = 0
    moved: bool = False

    def rows_per_second(self) -> float:
        return self.rows / max(time.monotonic() - self.saved_at, 0.001)


class Pipeline:
    """Reads, publishes, settles, saves; parks what Kafka refuses."""

    def __init__(self, term: Term) -> None:
        self._term = term
        self._settings = term.settings
        self._reader = LogReader(term.settings.page_rows, term.settings.page_bytes)
        self._published = Published()
        self._released = Published()
        self._publisher: Publisher | None = None
        self._one_by_one: OneByOne | None = None
        self._pace = Pace()
        self._asked_at = 0.0
        self._partitions_at = 0.0

    async def run(self) -> None:
        """Publish until the term's `stop`, then deliver what is in flight.

        Raises PipelineError, MissingTopicError or KafkaException when a new pipeline is to be tried, RelayStopped when
        that is of no use, and what PostgreSQL raises when the session is over.
        """
        try:
            await self._reconcile()
            await self._stream()
            await self._drain()
        except RefusedError:
            self._term.suspect_rows += self._publisher.rows_in_flight if self._publisher else 1
            raise
        finally:
            await self._close()

    async def _reconcile(self) -> None:
        term, began_at = self._term, time.monotonic()
        looking = asyncio.to_thread(look_beyond, self._settings.kafka, self._settings.topics, term.checkpoint.ends)
        self._published = await term.attend(looking)
        term.checkpoint = replace(term.checkpoint, ends=_within(term.checkpoint.ends, self._published.ends))
        term.metrics.reconciled_rows.inc(len(self._published.events))
        seconds = round(time.monotonic() - began_at, 3)
        log.info("publishing", already_published_rows=len(self._published.events), looked_seconds=seconds)

    async def _stream(self) -> None:
        page = await self._read(self._term.checkpoint.position)
        pause_seconds = self._settings.shortest_pause_seconds
        while not self._term.stop.is_set():
            ahead = asyncio.ensure_future(self._read(page.position)) if page.more else None
            try:
                await asyncio.sleep(0)  # let PostgreSQL begin with the next page before this one keeps us busy
                await self._publish(page)
                await self._settle()
            except BaseException:
                if ahead:
                    await _cancelled(ahead)
                raise
            if ahead is None:
                pause_seconds = await self._rest(page, pause_seconds)
                ahead = asyncio.ensure_future(self._read(page.position))
            page = await ahead

    async def _read(self, position: Position) -> Page:
        async with self._term.session.turn() as conn:
            return await self._reader.read(conn, position)

    async def _rest(self, page: Page, pause_seconds: float) -> float:
        """Wait for a poke, or for a while that grows as long as there is nothing; the next while."""
        settings, wake = self._settings, self._term.wake
        if page.rows:
            pause_seconds = settings.shortest_pause_seconds
        else:
            await self._serve_requests()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), pause_seconds)
        wake.clear()
        return min(pause_seconds * PAUSE_GROWTH, settings.longest_pause_seconds)

    async def _publish(self, page: Page) -> None:
        rows = self._published.missing(page.rows)
        already_there = len(page.rows) - len(rows)
        if self._published.events and not page.more:
            self._set_aside()
        rows, behind = self._term.lot.split(rows)
        if behind:
            await self._park(behind, [None] * len(behind))
        if self._term.suspect_rows > 0 and rows:
            await self._publish_one_by_one(rows, page.position, already_there)
        else:
            await self._room()
            await self._fast().send(rows, page.position, self._term.session.lease_until, already_there)
        if rows:
            self._term.metrics.page_rows.observe(len(rows))

    def _set_aside(self) -> None:
        # All rows that were there when we looked have been read: what is left was released from the parked ones.
        if not self._term.lot.keys:
            log.error("records without a row in the log", outbox_ids=sorted(self._published.events)[:10])
            self._term.metrics.errors.labels("record without row").inc(len(self._published.events))
        self._released, self._published = (
            self._published,
            Published(batch_limit_bytes=self._published.batch_limit_bytes),
        )

    def _fast(self) -> Publisher:
        if self._publisher is None:
            limit = self._published.batch_limit_bytes or LARGEST_BATCH_BYTES
            config = producer_config(self._settings, min(limit, LARGEST_BATCH_BYTES))
            self._publisher = Publisher(config, self._settings)
        return self._publisher

    async def _room(self) -> None:
        """Wait until another page may be given to librdkafka, and the lease is good."""
        while self._publisher and self._publisher.pages_in_flight > self._settings.pages_in_flight:
            await self._settle()
            await asyncio.sleep(FULL_PIPELINE_PAUSE_SECONDS)
        await self._term.session.beat()

    async def _settle(self) -> None:
        self._term.metrics.turned()
        if self._publisher:
            for page in self._publisher.settled():
                self._advance(page.position, page.ends, page.rows)
                if page.rows:
                    self._term.metrics.publish_seconds.observe(time.monotonic() - page.sent_at)
        if self._due():
            await self._save()

    def _advance(self, position: Position, ends: Ends, rows: int) -> None:
        before = self._term.checkpoint
        if rows == 0 and position == before.position:
            return
        self._term.checkpoint = Checkpoint(position, {**before.ends, **ends}, before.published_rows + rows)
        self._pace.rows += rows
        self._pace.moved = True
        self._term.metrics.published_rows.inc(rows)

    def _due(self) -> bool:
        pace, settings = self._pace, self._settings
        late = time.monotonic() - pace.saved_at > settings.checkpoint_seconds
        return (late and (pace.moved or pace.saved_rate > 0)) or pace.rows >= settings.checkpoint_rows

    async def _save(self) -> None:
        checkpoint, rate = self._term.checkpoint, self._pace.rows_per_second()
        self._pace = Pace(rate)
        async with self._term.session.turn() as conn:
            await save_checkpoint(conn, checkpoint, rate)
        if time.monotonic() - self._partitions_at > PARTITIONS_SECONDS:
            self._partitions_at = time.monotonic()
            await self._add_partitions()

    async def _add_partitions(self) -> None:
        try:
            async with self._term.session.turn() as conn:
                made = await add_partitions(conn, self._settings)
        except asyncpg.LockNotAvailableError:
            log.info("partitions are made later: the table is busy")
            return
        if made:
            log.info("partitions made", partitions=made)

    async def _drain(self) -> None:
        deadline = time.monotonic() + self._settings.drain_seconds
        while self._publisher and self._publisher.pages_in_flight and time.monotonic() < deadline:
            await self._settle()
            await asyncio.sleep(FULL_PIPELINE_PAUSE_SECONDS)

    async def _close(self) -> None:
        producers = [producer for producer in (self._publisher, self._one_by_one) if producer]
        for producer in producers:
            producer.abandon()
        with contextlib.suppress(LeadershipLostError, *DATABASE_ERRORS):
            await self._save()
        for producer in producers:
            await asyncio.to_thread(producer.close)

    # Row by row, for what was refused and what was parked.

    async def _publish_one_by_one(self, rows: Sequence[Row], position: Position, already_there: int) -> None:
        """A page in which a row may be refused: that one is parked, with what comes behind it for its key."""
        assert self._publisher is None or not self._publisher.pages_in_flight
        one_by_one = self._slow()
        outcomes = await one_by_one.publish(rows, self._term.session.beat)
        held = [row for row in rows if not isinstance(outcomes[row[ID]], Delivered)]
        reasons = [o.reason if isinstance(o := outcomes[row[ID]], Refused) else None for row in held]
        if held:
            await self._park(held, reasons)
        self._term.suspect_rows = max(0, self._term.suspect_rows - len(rows))
        self._advance(position, one_by_one.ends, already_there + len(rows) - len(held))

    def _slow(self) -> OneByOne:
        if self._one_by_one is None:
            self._one_by_one = OneByOne.open(one_by_one_config(self._settings), self._settings)
        return self._one_by_one

    async def _park(self, rows: Sequence[Row], reasons: Sequence[str | None]) -> None:
        async with self._term.session.turn() as conn:
            await self._term.lot.park(conn, rows, reasons)
        for row, reason in zip(rows, reasons, strict=True):
            if reason:
                log.error(
                    "refused by Kafka: the key is parked", outbox_id=row[0], topic=row[1], key=row[2], error=reason
                )
                self._term.metrics.errors.labels("refused").inc()

    async def _serve_requests(self) -> None:
        """Once in a while see to what operators want done with parked keys; only while nothing is in flight."""
        if not self._term.lot.keys or time.monotonic() - self._asked_at < REQUESTS_SECONDS:
            return
        if self._publisher and self._publisher.pages_in_flight:
            return
        self._asked_at = time.monotonic()
        async with self._term.session.turn() as conn:
            request = await self._term.lot.next_request(conn)
        if request:
            await self._release(request)

    async def _release(self, request: Request) -> None:
        term, key = self._term, (request.topic, request.key)
        if request.requested == "skip":
            await self._forget([request.outbox_id])
        while True:
            async with term.session.turn() as conn:
                rows = await term.lot.rows_of(conn, key, PARKED_PAGE_ROWS)
            if not rows:
                term.lot.keys.discard(key)
                log.info("the key is no longer parked", topic=request.topic, key=request.key)
                return
            if not await self._publish_parked(rows):
                return

    async def _publish_parked(self, rows: Sequence[Row]) -> bool:
        """Whether all of them were published. First forgotten, then part of the checkpoint: a crash repeats nothing."""
        term, one_by_one = self._term, self._slow()
        outcomes = await one_by_one.publish(self._released.missing(rows), term.session.beat)
        gone = [row[ID] for row in rows if isinstance(outcomes.get(row[ID], Delivered()), Delivered)]
        await self._forget(gone)
        self._advance(term.checkpoint.position, one_by_one.ends, len(gone))
        for outbox_id, outcome in outcomes.items():
            if isinstance(outcome, Refused):
                async with term.session.turn() as conn:
                    await term.lot.refuse_again(conn, outbox_id, outcome.reason)
        return len(gone) == len(rows)

    async def _forget(self, ids: Sequence[int]) -> None:
        async with self._term.session.turn() as conn:
            await self._term.lot.forget(conn, ids)


def _within(ends: Ends, now: Ends) -> Ends:
    """The checkpoint's ends, but for topics that were emptied or made anew: there nothing is certain."""
    if shorter := [at for at, end in ends.items() if end > now.get(at, 0)]:
        log.error("partitions are shorter than they were: records are gone from Kafka", partitions=shorter)
    return {at: min(end, now.get(at, 0)) for at, end in ends.items()}


async def _cancelled(task: asyncio.Future[Page]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, *DATABASE_ERRORS):
        await task
