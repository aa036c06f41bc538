"""Replay: stored events are published again, marked by a header, in order for each key.

It is a read of the log and a producer of its own: the relay goes on meanwhile and knows nothing of it. Records that are
published again carry `ce_replayid`, and a relay that looks at the topics passes over them, so that neither is ever
taken for the other: a replayed record hides no row that was never sent, and a first delivery is never missed for one.
Only events that the checkpoint has passed and that are not parked are replayed: the first delivery stays the relay's.

Live events of a key go on while older ones of it come again behind them. A consumer that has seen them drops them by
their id; a consumer that is built anew from them should be done with the replay before it trusts its state.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from outbox.database import connected
from outbox.errors import OutboxError, UnknownTopicError
from outbox.events import REPLAY_HEADER
from outbox.history import require_own_history
from outbox.kafka import LOGGER, REFUSALS, KafkaAwayError, one_by_one_config, producer_config
from outbox.records import headers_of, partition_of
from outbox.settings import RelaySettings
from outbox.statements import load

SPAN_ROWS = 2_000
PAGE_BYTES = 4 * 1024 * 1024
DELIVERY_SECONDS = 30.0
CLOCK_MARGIN = timedelta(minutes=10)
"""Ids and times of writing rise together but for clocks that were set back: by no more than this."""

NO_ANSWER = KafkaError(KafkaError._TIMED_OUT)

Bound = datetime | int
Outcomes = dict[int, KafkaError | None]
_SQL = load("replay")


class ReplayRefusedError(OutboxError):
    """Kafka refuses an event of the replay."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of a topic, of a key, from a time of writing or an id on, up to (and without) another."""

    topic: str | None = None
    key: str | None = None
    since: Bound | None = None
    until: Bound | None = None

    def as_json(self) -> str:
        """For the record of the replay."""
        shown = {"topic": self.topic, "key": self.key, "from": self.since, "to": self.until}
        return json.dumps({name: value for name, value in shown.items() if value is not None}, default=str)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How far a replay has come: events and bytes that matched, the last id looked at, and the last there is to be.

    `unpublished_rows` matched too, but wait for their first delivery, or are parked: they are left to the relay.
    """

    replay_id: UUID
    rows: int
    unpublished_rows: int
    payload_bytes: int
    last_id: int
    end_id: int


Tell = Callable[[Replayed], None]


async def replay(
    settings: RelaySettings,
    wanted: Wanted,
    *,
    asked_by: str,
    rows_per_second: int | None = None,
    dry_run: bool = False,
    tell: Tell = lambda reached: None,
) -> Replayed:
    """Publish the wanted events again, or with `dry_run` only count them. `tell` hears of every page.

    Raises ReplayRefusedError or KafkaAwayError, which say where to go on, ForeignHistoryError, and
    outbox.database.DatabaseAwayError.
    """
    async with connected(settings.dsn, settings.schema) as conn:
        await require_own_history(conn)
        reached = await _start(conn, wanted)
        if dry_run:
            return await _walk(conn, wanted, reached, None, tell)
        await conn.execute(_SQL["insert_replay"], reached.replay_id, asked_by, wanted.as_json())
        async with _publishing(settings, reached.replay_id, rows_per_second) as publisher:
            return await _walk(conn, wanted, reached, publisher, tell)


async def list_replays(conn: asyncpg.Connection, limit: int = 20) -> list[dict[str, Any]]:
    """The replays there were, the last first."""
    return [{**row, "wanted": json.loads(row["wanted"])} for row in await conn.fetch(_SQL["list_replays"], limit)]


async def _walk(
    conn: asyncpg.Connection, wanted: Wanted, reached: Replayed, publisher: _Publisher | None, tell: Tell
) -> Replayed:
    limit_rows = publisher.page_rows if publisher else SPAN_ROWS
    while span_id := await conn.fetchval(_SQL["read_span"], reached.last_id, reached.end_id, limit_rows):
        rows = await _read(conn, wanted, reached.last_id, span_id)
        if publisher:
            await publisher.send(rows)
        payload_bytes = sum(len(row["payload"]) for row in rows)
        last_id = rows[-1]["id"] if payload_bytes >= PAGE_BYTES else span_id
        unpublished_rows = await conn.fetchval(_SQL["count_unpublished"], *_asked(wanted, reached.last_id, last_id))
        reached = replace(
            reached,
            rows=reached.rows + len(rows),
            unpublished_rows=reached.unpublished_rows + unpublished_rows,
            payload_bytes=reached.payload_bytes + payload_bytes,
            last_id=last_id,
        )
        await _save(conn, publisher, reached, ended=False)
        tell(reached)
    await _save(conn, publisher, reached, ended=True)
    return reached


async def _save(conn: asyncpg.Connection, publisher: _Publisher | None, reached: Replayed, *, ended: bool) -> None:
    if publisher:
        await conn.execute(_SQL["save_replay"], reached.replay_id, reached.last_id, reached.rows, ended)


async def _start(conn: asyncpg.Connection, wanted: Wanted) -> Replayed:
    last_id: int = await conn.fetchval(_SQL["read_last_id"]) or 0
    since = wanted.since - CLOCK_MARGIN if isinstance(wanted.since, datetime) else wanted.since
    until = wanted.until + CLOCK_MARGIN if isinstance(wanted.until, datetime) else wanted.until
    first_id = 0 if since is None else await _id_at(conn, since, last_id)
    end_id = last_id if until is None else min(await _id_at(conn, until, last_id) - 1, last_id)
    return Replayed(uuid4(), 0, 0, 0, first_id - 1, end_id)


async def _id_at(conn: asyncpg.Connection, bound: Bound, last_id: int) -> int:
    """The first id that was written at that time or after it, by halving; one beyond the last if there is none."""
    if isinstance(bound, int):
        return bound
    low, high = 0, last_id + 1
    while low < high:
        middle = (low + high) // 2
        row = await conn.fetchrow(_SQL["read_first_from"], middle)
        if row is None or row["created_at"] >= bound:
            high = middle
        else:
            low = row["id"] + 1
    return low


async def _read(conn: asyncpg.Connection, wanted: Wanted, after_id: int, up_to_id: int) -> Sequence[Any]:
    asked = _asked(wanted, after_id, up_to_id)
    rows: Sequence[Any] = await conn.fetch(_SQL["read_published"], *asked, PAGE_BYTES)
    return rows


def _asked(wanted: Wanted, after_id: int, up_to_id: int) -> tuple[Any, ...]:
    since = wanted.since if isinstance(wanted.since, datetime) else None
    until = wanted.until if isinstance(wanted.until, datetime) else None
    return after_id, up_to_id, wanted.topic, wanted.key, since, until


@asynccontextmanager
async def _publishing(
    settings: RelaySettings, replay_id: UUID, rows_per_second: int | None
) -> AsyncIterator[_Publisher]:
    publisher = _Publisher(settings, replay_id, rows_per_second)
    try:
        yield publisher
    finally:
        await asyncio.to_thread(publisher.close)


class _Publisher:
    """A page at a time: the next one is sent when Kafka has the one before."""

    def __init__(self, settings: RelaySettings, replay_id: UUID, rows_per_second: int | None) -> None:
        self._settings = settings
        self._mark = str(replay_id)
        self._rows_per_second = rows_per_second
        self._began_at = time.monotonic()
        self._sent_rows = 0
        self._producer: Producer | None = None
        self.page_rows = min(SPAN_ROWS, rows_per_second or SPAN_ROWS)

    async def send(self, rows: Sequence[Any]) -> None:
        """Raises ReplayRefusedError, KafkaAwayError."""
        undelivered = await asyncio.to_thread(self._deliver, rows)
        for row in undelivered:
            # one of them was refused, and the rest of them with it: which one is found out one by one
            await asyncio.to_thread(self._deliver_alone, row)
        self._sent_rows += len(rows)
        if self._rows_per_second:
            due_at = self._began_at + self._sent_rows / self._rows_per_second
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))

    def close(self) -> None:
        """End the producer, with what is on its way."""
        if self._producer:
            self._producer.purge(blocking=False)
            self._producer.close()
            self._producer = None

    def _deliver(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Those that were not delivered, in order. The producer stops at the first one that is refused."""
        if self._producer is None:
            config = producer_config(self._settings)
            self._producer = Producer({**config, "message.timeout.ms": int(DELIVERY_SECONDS * 1000)}, logger=LOGGER)
        outcomes: Outcomes = {}
        with contextlib.suppress(KafkaException):  # it stopped: what is not delivered is tried one by one
            for row in rows:
                self._produce(self._producer, row, outcomes)
            self._producer.flush(DELIVERY_SECONDS)
        missing = [row for row in rows if outcomes.get(row["id"], NO_ANSWER) is not None]
        if missing:
            self.close()
        return missing

    def _deliver_alone(self, row: Any) -> None:
        producer = Producer(one_by_one_config(self._settings), logger=LOGGER)
        outcomes: Outcomes = {}
        try:
            self._produce(producer, row, outcomes)
            producer.flush(DELIVERY_SECONDS)
        except KafkaException as error:
            outcomes[row["id"]] = error.args[0]
        finally:
            producer.close()
        if (outcome := outcomes.get(row["id"], NO_ANSWER)) is not None:
            raise _stopped_at(row, outcome)

    def _produce(self, producer: Producer, row: Any, outcomes: Outcomes) -> None:
        topics, topic = self._settings.topics, row["topic"]
        if topic not in topics.partitions:
            raise UnknownTopicError(f"event {row['id']} is of {topic!r}, which is not a topic of this outbox any more")

        def noted(error: KafkaError | None, message: Message) -> None:
            outcomes[row["id"]] = error

        partition = partition_of(row["key"], topics.partitions[topic])
        headers = [*headers_of(row), (REPLAY_HEADER, self._mark)]
        producer.produce(topics.kafka_names[topic], row["payload"], row["key"], partition, noted, headers=headers)


def _stopped_at(row: Any, error: KafkaError) -> OutboxError:
    said = f"event {row['id']} of {row['topic']} {row['key']}: {error.name()}: {error.str()}"
    if error.code() not in REFUSALS:
        return KafkaAwayError(f"Kafka did not take {said}. Go on with --from {row['id']}")
    return ReplayRefusedError(
        f"Kafka refuses {said}. All before it are published again: mend the cause and go on with --from {row['id']}, "
        f"or leave it out with --from {row['id'] + 1}",
        outbox_id=row["id"],
    )
