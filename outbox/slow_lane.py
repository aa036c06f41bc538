"""Row by row: pages in which a row is refused, and parked keys that an operator lets go.

A refused row parks its key. The rows of a released key are forgotten as parked before the ends of the topics move in
the checkpoint, so that a crash in between repeats nothing: they are found in the topics and not sent again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog

from outbox.kafka import one_by_one_config
from outbox.log import ID, KEY, TOPIC, Position, Row
from outbox.one_by_one import Delivered, OneByOne, Refused
from outbox.parking import Request
from outbox.reconciliation import Published
from outbox.term import Term

REQUESTS_SECONDS = 1.0
PARKED_PAGE_ROWS = 500

log = structlog.get_logger("outbox")


class SlowLane:
    """Publishes what the pipeline must not. Its producer lives as long as the pipeline; nothing may be in flight."""

    def __init__(self, term: Term) -> None:
        self._term = term
        self._producer: OneByOne | None = None
        self._asked_at = 0.0
        self.released = Published()
        """What was found in the topics though no page has it: published when its key was released."""

    @property
    def producer(self) -> OneByOne | None:
        """The producer, if there was need for one."""
        return self._producer

    async def publish(self, rows: Sequence[Row], position: Position, already_there: int, ends_hold: bool) -> None:
        """A page in which a row may be refused: that one is parked, with what comes behind it for its key."""
        term, producer = self._term, self._open()
        outcomes = await producer.publish(rows, term.session.beat)
        held = [row for row in rows if not isinstance(outcomes[row[ID]], Delivered)]
        reasons = [o.reason if isinstance(o := outcomes[row[ID]], Refused) else None for row in held]
        if held:
            await self.park(held, reasons)
        term.suspect_rows = max(0, term.suspect_rows - len(rows))
        term.advance(position, {} if ends_hold else producer.ends, already_there + len(rows) - len(held))

    async def park(self, rows: Sequence[Row], reasons: Sequence[str | None]) -> None:
        """Park rows, each with why it was refused, or None if it waits behind another."""
        async with self._term.session.turn() as conn:
            await self._term.lot.park(conn, rows, reasons)
        for row, reason in zip(rows, reasons, strict=True):
            if reason:
                at = {"outbox_id": row[ID], "topic": row[TOPIC], "key": row[KEY]}
                log.error("refused by Kafka: the key is parked", **at, error=reason)
                self._term.metrics.errors.labels("refused").inc()

    async def serve_requests(self) -> None:
        """Once in a while see to what operators want done with parked keys."""
        if not self._term.lot.keys or time.monotonic() - self._asked_at < REQUESTS_SECONDS:
            return
        self._asked_at = time.monotonic()
        async with self._term.session.turn() as conn:
            request = await self._term.lot.next_request(conn)
        if request:
            await self._release(request)

    def _open(self) -> OneByOne:
        if self._producer is None:
            settings = self._term.settings
            self._producer = OneByOne.open(one_by_one_config(settings), settings)
        return self._producer

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
        """Whether all of them were published."""
        term, producer = self._term, self._open()
        outcomes = await producer.publish(self.released.missing(rows), term.session.beat)
        gone = [row[ID] for row in rows if isinstance(outcomes.get(row[ID], Delivered()), Delivered)]
        await self._forget(gone)
        term.advance(term.checkpoint.position, producer.ends, len(gone))
        for outbox_id, outcome in outcomes.items():
            if isinstance(outcome, Refused):
                async with term.session.turn() as conn:
                    await term.lot.refuse_again(conn, outbox_id, outcome.reason)
        return len(gone) == len(rows)

    async def _forget(self, ids: Sequence[int]) -> None:
        async with self._term.session.turn() as conn:
            await self._term.lot.forget(conn, ids)
