"""Publishing row by row, to find out which one Kafka refuses. Slow, and exact: each row has an outcome of its own.

Of each key one row at a time is on its way, so that a refused row has none of its key behind it in the topic.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from outbox.checkpoint import Ends
from outbox.kafka import LOGGER, REFUSALS, KafkaAwayError, LeaseExpiredError
from outbox.log import ID, KEY, PAYLOAD, TOPIC, Row
from outbox.records import headers_of, partition_of
from outbox.settings import RelaySettings

Key = tuple[str, str]

POLL_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Delivered:
    """Kafka has the row."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Kafka will never take the row."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The row was not sent: an earlier one of its key was refused."""


Outcome = Delivered | Refused | Waiting


@dataclass(slots=True)
class OneByOne:
    """A producer that sends each row as a request of its own."""

    producer: Producer
    settings: RelaySettings
    ends: Ends = field(default_factory=dict)

    @classmethod
    def open(cls, config: Mapping[str, Any], settings: RelaySettings) -> OneByOne:
        return cls(Producer(dict(config), logger=LOGGER), settings)

    async def publish(self, rows: Sequence[Row], beat: Callable[[], Awaitable[None]]) -> dict[int, Outcome]:
        """The outcome of each row by its id. `beat` is called while Kafka is waited for. Raises PipelineError."""
        outcomes: dict[int, Outcome] = {}
        refused: set[Key] = set()
        while wave := _first_of_each_key(rows, outcomes, refused):
            outcomes |= await self._send(wave, beat)
            refused |= {(row[TOPIC], row[KEY]) for row in wave if isinstance(outcomes[row[ID]], Refused)}
        return {row[ID]: outcomes.get(row[ID], Waiting()) for row in rows}

    def abandon(self) -> None:
        """Drop what is not delivered, at once."""
        self.producer.purge(blocking=False)

    def close(self) -> None:
        """End the producer. Blocks for a moment."""
        self.producer.close()

    async def _send(self, wave: Sequence[Row], beat: Callable[[], Awaitable[None]]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        stamp_ms, deadline = int(time.time() * 1000), time.monotonic() + self.settings.delivery_seconds
        await beat()
        for row in wave:
            if time.monotonic() > deadline:
                raise LeaseExpiredError
            self._produce(row, stamp_ms, outcomes)
        while len(outcomes) < len(wave):
            self.producer.poll(0)
            if time.monotonic() > deadline:
                raise KafkaAwayError
            await asyncio.sleep(POLL_SECONDS)
            await beat()
        return outcomes

    def _produce(self, row: Row, stamp_ms: int, outcomes: dict[int, Outcome]) -> None:
        topics = self.settings.topics
        try:
            self.producer.produce(
                topics.kafka_names[row[TOPIC]],
                row[PAYLOAD],
                row[KEY],
                partition_of(row[KEY], topics.partitions[row[TOPIC]]),
                partial(self._delivered, row[ID], outcomes),
                timestamp=stamp_ms,
                headers=headers_of(row),
            )
        except KafkaException as error:
            self._failed(row[ID], outcomes, error.args[0])

    def _delivered(self, id_: int, outcomes: dict[int, Outcome], error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed(id_, outcomes, error)
            return
        outcomes[id_] = Delivered()
        at = str(message.topic()), int(message.partition() or 0)
        self.ends[at] = int(message.offset() or 0) + 1

    def _failed(self, id_: int, outcomes: dict[int, Outcome], error: KafkaError) -> None:
        # Anything but a refusal has no outcome: the wave then ends at its deadline.
        if error.code() in REFUSALS:
            outcomes[id_] = Refused(f"{error.name()}: {error.str()}")


def _first_of_each_key(rows: Sequence[Row], outcomes: Mapping[int, Outcome], refused: set[Key]) -> list[Row]:
    first: dict[Key, Row] = {}
    for row in rows:
        key = row[TOPIC], row[KEY]
        if row[ID] not in outcomes and key not in refused:
            first.setdefault(key, row)
    return list(first.values())
