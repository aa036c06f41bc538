"""A worker's surroundings in a test: topics of its own, records put on them as the relay would, purchases in bulk."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic

from loyalty.services.incoming import Incoming
from schemas.events import RewardRedeemed, TransactionRecorded

T = TypeVar("T")

CONSUMED_TOPICS = ("transaction.recorded", "reward.redeemed", "transaction.refunded", "event.recorded")
SIGNING_KEY = "c2lnbmluZy1rZXktb2YtdGVzdHMtMzItYnl0ZXMtYXQtbGVhc3Q"


@dataclass
class Rig:
    """Kafka as a test's workers see it."""

    bootstrap: str
    prefix: str
    partitions: int = 4
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap})
        self._producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 5})
        self.environment = {
            "LAUREL_TOPIC_PREFIX": self.prefix,
            "LAUREL_SIGNING_KEY": SIGNING_KEY,
            "LAUREL_WORKER_HEALTH_PORT": "0",
            "LAUREL_LOG_FORMAT": "console",
        } | self.environment

    def create_topics(self) -> None:
        topics = [NewTopic(self.prefix + name, self.partitions, 1) for name in CONSUMED_TOPICS]
        for created in self._admin.create_topics(topics).values():
            created.result(timeout=30)

    def delete_topics(self) -> None:
        for deleted in self._admin.delete_topics([self.prefix + name for name in CONSUMED_TOPICS]).values():
            deleted.result(timeout=30)

    def send(self, events: Iterable[Incoming[TransactionRecorded] | Incoming[RewardRedeemed]]) -> None:
        """Puts events on their topics, as the relay would, and waits until they are there."""
        for event in events:
            topic = "transaction.recorded" if isinstance(event.body, TransactionRecorded) else "reward.redeemed"
            headers: list[tuple[str, str | bytes | None]] = [("ce_id", str(event.event_id))]
            self._produce(topic, str(event.body.member_id).encode(), event.body.model_dump_json().encode(), headers)
        self._producer.flush(30)

    def send_raw(self, topic: str, value: bytes | None, key: bytes | None = b"hand") -> None:
        """Puts a record on a topic by hand."""
        self._produce(topic, key, value, [])
        self._producer.flush(30)

    def committed_lag(self) -> int:
        """Records in the topics that the workers' group has not committed as done."""
        partitions = [TopicPartition(self.prefix + name, n) for name in CONSUMED_TOPICS for n in range(self.partitions)]
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        ends = self._admin.list_offsets(dict.fromkeys(partitions, latest))
        group = ConsumerGroupTopicPartitions(f"{self.prefix}laurel-worker", partitions)
        ((_, committed),) = self._admin.list_consumer_group_offsets([group]).items()
        done = {(p.topic, p.partition): max(0, p.offset) for p in committed.result(timeout=10).topic_partitions or ()}
        return sum(end.result(timeout=10).offset - done[p.topic, p.partition] for p, end in ends.items())

    def _produce(
        self, topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, str | bytes | None]]
    ) -> None:
        self._producer.produce(self.prefix + topic, key=key, value=value, headers=headers)
        self._producer.poll(0)


def shuffled_within_members(queues: Sequence[list[T]], seed: int) -> list[T]:
    """One list of all the queues, mixed at random, each queue's own order kept."""
    rng = random.Random(seed)
    order = [number for number, queue in enumerate(queues) for _ in queue]
    rng.shuffle(order)
    heads = [iter(queue) for queue in queues]
    return [next(heads[number]) for number in order]
