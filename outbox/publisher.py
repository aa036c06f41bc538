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
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from outbox.checkpoint import Ends
from outbox.kafka import LOGGER, KafkaAwayError, LeaseExpiredError, classify
from outbox.log import Position, Row
from outbox.settings import RelaySettings

Slot = tuple[str, int]
"""A topic's plain name and a partition."""

PRIMED_SECONDS = 3_600.0
"""Brokers forget an idle producer after a day (producer.id.expiration.ms)."""
PRIMING_PAUSE_SECONDS = 0.0005


class PageInFlight:
    """A page given to librdkafka, settled when `waiting` callbacks have come."""

    __slots__ = ("ends", "ends_hold", "error", "position", "rows", "sent_at", "waiting")

    def __init__(self, position: Position, rows: int, ends_hold: bool = False) -> None:
        self.position = position
        self.ends_hold = ends_hold
        self.rows = rows
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


def headers(row: Row) -> dict[str, str | bytes | None]:
    """The CloudEvents attributes of a row, in Kafka's binary content mode."""
    id_, topic, key, _, event_id, source, occurred_at, traceparent, _ = row
    attributes: dict[str, str | bytes | None] = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_type": topic,
        "ce_source": source,
        "ce_subject": key,
        "ce_time": occurred_at,
        "ce_sequence": str(id_),
    }
    if traceparent is not None:
        attributes["traceparent"] = traceparent
    return attributes


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: what librdkafka's own partitioner for keyed records (consistent) would choose."""
    return crc32(key.encode()) % partitions


class Publisher:
    """One producer and the pages that it has in flight, oldest first."""

    def __init__(self, config: Mapping[str, Any], settings: RelaySettings) -> None:
        self._producer = Producer(dict(config), logger=LOGGER)
        self._names = settings.topics.kafka_names
        self._partitions = settings.topics.partitions
        self._delivery_seconds = settings.delivery_seconds
        self._primed: dict[Slot, float] = {}
        self._in_flight: deque[PageInFlight] = deque()

    @property
    def pages_in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def rows_in_flight(self) -> int:
        return sum(page.rows for page in self._in_flight)

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
        page = PageInFlight(position, len(rows) + already_there, ends_hold)
        self._in_flight.append(page)
        try:
            buckets = self._by_partition(rows)
            await self._prime(buckets, page, lease_until)
            for slot, bucket in buckets.items():
                self._send_bucket(slot, bucket, page, lease_until)
        except KafkaException as error:
            raise classify(error.args[0]) from error
        except BufferError as error:
            raise KafkaAwayError("librdkafka's queue is full") from error
        self._poll()

    def _by_partition(self, rows: Sequence[Row]) -> dict[Slot, list[Row]]:
        buckets: dict[Slot, list[Row]] = {}
        partitions = self._partitions
        for row in rows:
            topic = row[1]
            slot = topic, crc32(row[2].encode()) % partitions[topic]
            bucket = buckets.get(slot)
            if bucket is None:
                buckets[slot] = [row]
            else:
                bucket.append(row)
        return buckets

    async def _prime(self, buckets: Mapping[Slot, list[Row]], page: PageInFlight, lease_until: float) -> None:
        """Send the first row of each partition that the broker may not know us in, and wait for it."""
        now = time.monotonic()
        unprimed = [slot for slot in buckets if now - self._primed.get(slot, -math.inf) > PRIMED_SECONDS]
        for slot in unprimed:
            self._send_bucket(slot, [buckets[slot].pop(0)], page, lease_until)
        while unprimed and page.waiting and page.error is None:
            await asyncio.sleep(PRIMING_PAUSE_SECONDS)
            self._poll()
            self._check_age(page)
        if page.error is not None:
            raise classify(page.error)
        self._primed.update(dict.fromkeys(unprimed, now))

    def _send_bucket(self, slot: Slot, bucket: Sequence[Row], page: PageInFlight, lease_until: float) -> None:
        if not bucket:
            return
        produce, now = self._producer.produce, time.monotonic
        name, partition = self._names[slot[0]], slot[1]
        last = bucket[-1]
        for row in bucket:
            if now() > lease_until:
                raise LeaseExpiredError
            if row is last:
                page.waiting += 1
                produce(name, row[3], row[2], partition, page.delivered, headers=headers(row))
            else:
                produce(name, row[3], row[2], partition, headers=headers(row))

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
