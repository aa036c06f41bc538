"""Publishing pages: pipelined, with next to no Python for a row.

Only the last row of each partition in a page has a delivery callback. That it was delivered says that all rows before
it were, because
- the producer is idempotent, so records of a partition are stored in the order of produce() or not at all;
- it is gapless: the first record that Kafka refuses stops the producer, and what is on its way behind it is refused
  too, as out of sequence. Only a broker that knows nothing of the producer yet would take that: so the first record of
  each partition goes ahead alone (priming);
- a record that librdkafka dropped for its age leaves a gap that it does not report so, but it drops none before
  message_timeout_seconds, and a page that took longer than delivery_seconds, which is less, is not believed.
A producer that stopped or is not believed is purged and thrown away; what it did deliver is found by reading the
topics (outbox.reconciliation).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from itertools import accumulate, islice, repeat
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from outbox.background import in_thread
from outbox.checkpoint import Ends
from outbox.kafka import LOGGER, KafkaAwayError, LeaseExpiredError, classify
from outbox.log import KEY, PAYLOAD, Position, Row
from outbox.records import Slots, header_lists
from outbox.settings import RelaySettings

PRIMED_SECONDS = 3_600.0
"""Brokers forget an idle producer after a day (producer.id.expiration.ms)."""
PRIMING_PAUSE_SECONDS = 0.001
SLICE_ROWS = 50
"""Rows given to librdkafka between two looks at the lease: no more of them can be late when a process was frozen."""


class PageInFlight:
    """A page given to librdkafka, settled when `waiting` callbacks have come."""

    __slots__ = ("ends", "ends_hold", "error", "position", "rows", "sent_at", "sent_bytes", "sent_rows", "waiting")

    def __init__(self, position: Position, rows: int, ends_hold: bool = False) -> None:
        self.position = position
        self.ends_hold = ends_hold
        self.rows = rows
        self.sent_rows = 0
        self.sent_bytes = 0
        self.sent_at = time.monotonic()
        self.waiting = 0
        self.ends: Ends = {}
        self.error: KafkaError | None = None

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        """The delivery callback of the last row of a partition."""
        self.waiting -= 1
        if error is not None:
            self.error = self.error or error
        elif not self.ends_hold:
            self.ends[message.topic(), message.partition()] = message.offset() + 1  # type: ignore[index, operator]


class Publisher:
    """One producer and the pages that it has in flight, oldest first."""

    def __init__(self, config: Mapping[str, Any], settings: RelaySettings) -> None:
        self._producer = Producer(dict(config), logger=LOGGER)
        self._slots = Slots(settings.topics)
        self._delivery_seconds = settings.delivery_seconds
        self._most_rows = settings.page_rows * settings.pages_in_flight
        self._most_bytes = settings.page_bytes * settings.pages_in_flight
        self._connected = False
        self._primed: dict[int, float] = {}
        self._in_flight: deque[PageInFlight] = deque()

    def connect(self) -> None:
        """Meet a broker. Blocks. Raises KafkaException.

        Without it the first record waits half a second: so long librdkafka does not ask again for a producer's id if it
        was connected to nobody when it asked first.
        """
        self._producer.list_topics(timeout=self._delivery_seconds)
        self._connected = True

    @property
    def rows_in_flight(self) -> int:
        """Rows of pages that are not settled, counting those that were in the topics already."""
        return sum(page.rows for page in self._in_flight)

    @property
    def idle(self) -> bool:
        """Whether no page is in flight."""
        return not self._in_flight

    @property
    def has_room(self) -> bool:
        """Whether another page may be sent: librdkafka holds less than pages_in_flight full ones."""
        rows = sum(page.sent_rows for page in self._in_flight)
        sent_bytes = sum(page.sent_bytes for page in self._in_flight)
        return rows < self._most_rows and sent_bytes < self._most_bytes

    async def send(
        self,
        rows: Sequence[Row],
        position: Position,
        lease_until: float,
        already_there: int = 0,
        ends_hold: bool = False,
    ) -> None:
        """Give a page to librdkafka; none of it later than `lease_until`. Raises PipelineError.

        `already_there` rows of the page need not be sent: they were found in the topics. With `ends_hold` the page
        says nothing of where the topics end.
        """
        try:
            if not self._connected:
                await in_thread(self.connect)
            page = PageInFlight(position, len(rows) + already_there, ends_hold)
            self._in_flight.append(page)
            if rows:
                self._send(await self._prime(rows, page, lease_until), page, lease_until)
        except KafkaException as error:
            raise classify(error.args[0]) from error
        except BufferError as error:
            raise KafkaAwayError("librdkafka's queue is full") from error
        self._poll()

    async def _prime(self, rows: Sequence[Row], page: PageInFlight, lease_until: float) -> Sequence[Row]:
        """Send the first row of each partition that the broker may not know us in, and wait for it; the other rows."""
        now = time.monotonic()
        numbers = self._slots.numbers(rows)
        unprimed = {n for n in set(numbers) if now - self._primed.get(n, -math.inf) > PRIMED_SECONDS}
        if not unprimed:
            return rows
        firsts = {numbers.index(number) for number in unprimed}
        self._send([rows[at] for at in sorted(firsts)], page, lease_until)
        while page.waiting and page.error is None:
            await asyncio.sleep(PRIMING_PAUSE_SECONDS)
            self._poll()
            self._check_age(page)
        if page.error is not None:
            raise classify(page.error)
        self._primed.update(dict.fromkeys(unprimed, now))
        return [row for at, row in enumerate(rows) if at not in firsts]

    def _send(self, rows: Sequence[Row], page: PageInFlight, lease_until: float) -> None:
        """Partition by partition, so that librdkafka's batches are large; the last of each has the callback.

        All are stamped with the moment from before the lease is looked at: a process that freezes behind that look
        sends them late, but stamped early, and a broker that refuses late records refuses them (decision 0130).
        """
        if not rows:
            return
        stamp_ms = int(time.time() * 1000)
        slots, numbers = self._slots, self._slots.numbers(rows)
        columns = list(zip(*map(rows.__getitem__, sorted(range(len(rows)), key=numbers.__getitem__)), strict=True))
        numbers.sort()
        page.sent_rows += len(rows)
        page.sent_bytes += sum(map(len, columns[PAYLOAD]))
        callbacks: list[Any] = [None] * len(rows)
        for end in accumulate(Counter(numbers).values()):
            callbacks[end - 1] = page.delivered
            page.waiting += 1
        sending = map(
            self._producer.produce,
            map(slots.kafka_names.__getitem__, numbers),
            columns[PAYLOAD],
            columns[KEY],
            map(slots.partitions.__getitem__, numbers),
            callbacks,
            repeat(None),  # on_delivery, another name of the callback
            repeat(stamp_ms),
            header_lists(columns),
        )
        for _ in range(0, len(rows), SLICE_ROWS):
            if time.monotonic() > lease_until:
                raise LeaseExpiredError
            deque(islice(sending, SLICE_ROWS), maxlen=0)

    def settled(self) -> list[PageInFlight]:
        """The pages delivered since the last call, from the oldest on. Raises PipelineError."""
        self._poll()
        done = []
        while self._in_flight:
            oldest = self._in_flight[0]
            if oldest.error is not None:
                raise classify(oldest.error)
            self._check_age(oldest)
            if oldest.waiting:
                break
            done.append(self._in_flight.popleft())
        return done

    def _check_age(self, page: PageInFlight) -> None:
        """A page that took too long is not believed, delivered or not."""
        if time.monotonic() - page.sent_at > self._delivery_seconds and page.rows:
            raise KafkaAwayError(f"no acknowledgement within {self._delivery_seconds:g} s")

    def _poll(self) -> None:
        """Serve delivery callbacks. That the producer stopped is raised here."""
        try:
            self._producer.poll(0)
        except KafkaException as error:
            raise classify(error.args[0]) from error

    def abandon(self) -> None:
        """Drop what is not delivered, at once. What was on its way may still arrive."""
        self._producer.purge(blocking=False)

    def close(self) -> None:
        """End the producer. Blocks for a moment."""
        self._producer.close()
