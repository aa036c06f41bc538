"""What Kafka holds of an outbox, read back from the first record, and what would be wrong with it.

The rules, per topic: every row of the outbox is there (none lost), nothing else is (no phantom), and the first
deliveries of one key come in the order of their sequence. A repeated delivery is allowed, and counted.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, Message, TopicPartition

from tests.support.campaigns import sized

READ_SECONDS = sized(20.0, 300.0)
FETCH_SECONDS = 0.5
RECORDS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record as it was found. `sequence` is the outbox's id, None for a record that no relay wrote."""

    topic: str
    partition: int
    key: str
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Findings:
    """Empty lists: nothing is wrong."""

    lost: list[int]
    phantoms: list[Delivery]
    out_of_order: list[tuple[Delivery, Delivery]]
    in_two_partitions: list[str]
    repeated: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.phantoms or self.out_of_order or self.in_two_partitions)


def examine(deliveries: Iterable[Delivery], written: Mapping[int, tuple[str, str]]) -> Findings:
    """Compare what was delivered, each partition in the order of its offsets, with the outbox: id to (topic, key)."""
    seen: set[int] = set()
    last_of: dict[tuple[str, str], Delivery] = {}
    partitions: dict[tuple[str, str], set[int]] = defaultdict(set)
    phantoms, out_of_order, repeated = [], [], 0
    for delivery in deliveries:
        key = delivery.topic, delivery.key
        partitions[key].add(delivery.partition)
        if delivery.sequence is None or written.get(delivery.sequence) != key:
            phantoms.append(delivery)
        elif delivery.sequence in seen:
            repeated += 1
        else:
            seen.add(delivery.sequence)
            before = last_of.get(key)
            if before is not None and (before.sequence or 0) > delivery.sequence:
                out_of_order.append((before, delivery))
            last_of[key] = delivery
    split = [f"{topic}/{key}" for (topic, key), used in partitions.items() if len(used) > 1]
    return Findings(sorted(written.keys() - seen), phantoms, out_of_order, split, repeated)


def read_topics(bootstrap: str, prefix: str, topics: Sequence[str]) -> Iterator[Delivery]:
    """Every record of the topics, those of a partition in their order. `Delivery.topic` is without the prefix."""
    with _consumer(bootstrap) as consumer:
        ends = _ends(consumer, [prefix + topic for topic in topics])
        consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in ends])
        deadline = time.monotonic() + READ_SECONDS
        while ends:
            assert time.monotonic() < deadline, f"not read to their ends: {ends}"
            for message in consumer.consume(RECORDS_AT_A_TIME, FETCH_SECONDS):
                assert message.error() is None, message.error()
                yield _delivery(message, prefix)
                place = message.topic() or "", message.partition() or 0
                if (message.offset() or 0) + 1 >= ends.get(place, 0):
                    ends.pop(place, None)


def _ends(consumer: Consumer, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The end offsets of the partitions that have records."""
    found = {}
    for topic in topics:
        for partition in consumer.list_topics(topic, READ_SECONDS).topics[topic].partitions:
            low, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), READ_SECONDS)
            assert low == 0, f"{topic} no longer holds its first records"
            if end:
                found[topic, partition] = end
    return found


def _delivery(message: Message, prefix: str) -> Delivery:
    topic = (message.topic() or "").removeprefix(prefix)
    headers = dict(message.headers() or [])
    sequence = headers.get("ce_sequence")
    key = message.key() or b""
    return Delivery(topic, message.partition() or 0, key.decode(), int(sequence) if sequence else None)


@contextmanager
def _consumer(bootstrap: str) -> Iterator[Consumer]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "reads-everything", "enable.auto.commit": False,
         "auto.offset.reset": "earliest"}
    )  # fmt: skip
    try:
        yield consumer
    finally:
        consumer.close()
