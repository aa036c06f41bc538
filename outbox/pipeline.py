"""From the log to Kafka: one producer's life within a leader's term.

It begins with what is certain, the checkpoint, and looks at the topics for what was published beyond it. Then page
after page is read while the ones before are in flight. The position moves when a page is delivered whole, in order.

The ends in the checkpoint never pass a record whose row the position has not passed. Rows that committed late may be
read, and sent, before rows that an earlier relay published already: so while records that were found have not all been
met in the log, the ends hold, and the next relay looks at more than it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace

import structlog

from outbox.background import in_thread
from outbox.checkpoint import Ends, begin_publishing
from outbox.database import DATABASE_ERRORS
from outbox.kafka import LARGEST_BATCH_BYTES, RefusedError, closed
from outbox.lanes import Lanes
from outbox.leadership import LeadershipLostError
from outbox.log import LogReader, Page, Position, ids_without_row, payload_bytes
from outbox.reconciliation import Published, look_beyond
from outbox.repartitioning import hold_partition_counts
from outbox.rhythm import Rhythm
from outbox.slow_lane import SlowLane
from outbox.term import Term

FULL_PIPELINE_PAUSE_SECONDS = 0.001
"""uvloop's timers count milliseconds: half of one is no pause at all, and the loop spins."""

log = structlog.get_logger("outbox")


class Pipeline:
    """Reads, publishes, settles, saves."""

    def __init__(self, term: Term) -> None:
        self._term = term
        self._settings = term.settings
        self._reader = LogReader(term.settings.page_rows, term.settings.page_bytes)
        self._published = Published()
        self._lanes = Lanes(term.settings, LARGEST_BATCH_BYTES)
        self._slow_lane = SlowLane(term)
        self._rhythm = Rhythm(term.settings, term.wake)
        self._complete = False

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
            self._term.suspect_rows += max(self._lanes.rows_in_flight, 1)
            raise
        finally:
            await self._close()

    async def _reconcile(self) -> None:
        term, began_at, settings = self._term, time.monotonic(), self._settings
        async with term.session.turn() as conn:
            complete = await begin_publishing(conn)
        ready = await term.attend(term.readiness.take())
        self._lanes = ready.lanes
        ends = term.checkpoint.ends
        looking = in_thread(look_beyond, ready.admin, settings.kafka, settings.topics, ends, complete=complete)
        self._published = found = await term.attend(looking)
        async with term.session.turn() as conn:
            await hold_partition_counts(conn, settings.topics)
        term.checkpoint = replace(term.checkpoint, ends=_within(ends, found.ends))
        term.metrics.reconciled_rows.inc(len(found.events))
        seconds = round(time.monotonic() - began_at, 3)
        log.info("publishing", already_published_rows=len(found.events), looked_seconds=seconds)

    async def _stream(self) -> None:
        page = await self._read(self._term.checkpoint.position)
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
                await self._rest(page)
                ahead = asyncio.ensure_future(self._read(page.position))
            page = await ahead

    async def _read(self, position: Position) -> Page:
        async with self._term.session.turn() as conn:
            return await self._reader.read(conn, position)

    async def _publish(self, page: Page) -> None:
        rows = self._published.missing(page.rows)
        already_there = len(page.rows) - len(rows)
        ends_hold = bool(self._published.events)
        if ends_hold and not page.more:
            await self._set_aside()
        rows, behind = self._term.lot.split(rows)
        if behind:
            await self._slow_lane.park(behind, [None] * len(behind))
        if rows and self._term.suspect_rows > 0:
            await self._slow_lane.publish(rows, page.position, already_there, ends_hold)
        else:
            await self._room(bulk=page.more)
            self._term.metrics.spans.sent(rows)
            lane, lease_until = self._lanes.lane(bulk=page.more), self._term.session.lease_until
            await lane.send(rows, page.position, lease_until, already_there, ends_hold)
        if rows:
            self._term.metrics.page_rows.observe(len(rows))
            self._term.metrics.read_bytes.inc(payload_bytes(page.rows))

    async def _set_aside(self) -> None:
        # All rows that were there when we looked have been read: what is left lies before the position, since the
        # ends were held, or was released from the parked ones.
        async with self._term.session.turn() as conn:
            strange = await ids_without_row(conn, self._published.events)
        if strange:
            log.error("records without a row in the log", outbox_ids=strange[:10])
            self._term.metrics.errors.labels("record without row").inc(len(strange))
        self._slow_lane.released, self._published = self._published, Published()

    async def _room(self, *, bulk: bool) -> None:
        """Wait until another page may be given to librdkafka, and the lease is good."""
        while not self._lanes.has_room(bulk=bulk):
            await self._settle()
            await asyncio.sleep(FULL_PIPELINE_PAUSE_SECONDS)
        await self._term.session.beat()

    async def _settle(self) -> None:
        term = self._term
        term.metrics.turned()
        for page in self._lanes.settled():
            term.advance(page.position, page.ends, page.rows)
            term.metrics.spans.settled()
            if page.rows:
                term.metrics.publish_seconds.observe(time.monotonic() - page.sent_at)
        if term.save_is_due():
            await term.save()

    async def _rest(self, page: Page) -> None:
        if not page.rows and self._lanes.idle:
            await self._slow_lane.serve_requests()
        await self._rhythm.rest(found_rows=bool(page.rows), in_flight=not self._lanes.idle)

    async def _drain(self) -> None:
        """Wait for what is in flight; all of it acknowledged and the ends not held, the checkpoint is complete."""
        deadline = time.monotonic() + self._settings.drain_seconds
        while not self._lanes.idle and time.monotonic() < deadline:
            await self._settle()
            await asyncio.sleep(FULL_PIPELINE_PAUSE_SECONDS)
        self._complete = self._lanes.idle and not self._published.events

    async def _close(self) -> None:
        self._term.metrics.spans.closed()
        producers = [producer for producer in (*self._lanes.all, self._slow_lane.producer) if producer]
        for producer in producers:
            producer.abandon()
        with contextlib.suppress(LeadershipLostError, *DATABASE_ERRORS):
            await self._term.save(complete=self._complete)
            if self._term.stop.is_set():
                await self._term.session.resign()
        for producer in producers:
            await closed(producer)


def _within(ends: Ends, now: Ends) -> Ends:
    """The checkpoint's ends, but for topics that were emptied or made anew: there nothing is certain."""
    if shorter := [at for at, end in ends.items() if end > now.get(at, 0)]:
        log.error("partitions are shorter than they were: records are gone from Kafka", partitions=shorter)
    return {at: min(end, now.get(at, 0)) for at, end in ends.items()}


async def _cancelled(task: asyncio.Future[Page]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, *DATABASE_ERRORS):
        await task
