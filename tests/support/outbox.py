"""An outbox on stage: a test's own database and topics, events to append, relays to run, records to read."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import psutil
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource

from outbox import NewEvent, RelaySettings, Topics, append, status
from outbox.relay import run_relay
from outbox.topics import ensure_topics
from tests.support.processes import LaurelProcess
from tests.support.waiting import eventually

StartRelay = Callable[..., LaurelProcess]

MOMENT = datetime(2026, 11, 22, 15, 0, 0, 123456, tzinfo=UTC)
READ_SECONDS = 20
CONNECT_SECONDS = 5
TAKE_OVER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a consumer sees it."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: dict[str, str]
    produced_at: float

    @property
    def outbox_id(self) -> int:
        return int(self.headers["ce_sequence"])


@dataclass(frozen=True, slots=True)
class Stage:
    """What the tests of the outbox work with."""

    dsn: str
    bootstrap: str
    topics: Topics
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def kafka(self) -> dict[str, str | int | float | bool]:
        return {"bootstrap.servers": self.bootstrap}

    def settings(self, **changes: Any) -> RelaySettings:
        """A relay's settings; quicker to notice things than the defaults."""
        given: dict[str, Any] = {
            "dsn": self.dsn,
            "kafka": self.kafka,
            "topics": self.topics,
            "leadership_seconds": 3.0,
            "standby_pause_seconds": 0.05,
            "checkpoint_seconds": 0.05,
        }
        return RelaySettings(**{**given, **changes})

    def event(self, key: str = "k", payload: bytes | None = None, topic: str | None = None) -> NewEvent:
        """An event with a payload of its own: {"n": how many were made before}."""
        body = json.dumps({"n": next(self._numbers)}).encode()
        return NewEvent(topic or next(iter(self.topics.partitions)), key, payload or body, uuid.uuid4(), MOMENT)

    async def append(self, conn: asyncpg.Connection, *events: NewEvent) -> list[int]:
        """Append in a transaction of their own; the ids."""
        async with conn.transaction():
            await append(conn, events, self.topics)
        found = await conn.fetch(
            "select id from outbox where event_id = any($1) order by id", [event.event_id for event in events]
        )
        return [row["id"] for row in found]

    async def pass_over(self, conn: asyncpg.Connection, *events: NewEvent) -> None:
        """Append, and leave the checkpoint behind the events as a relay would, without one."""
        await self.append(conn, *events)
        await conn.execute(
            """insert into outbox_checkpoint (since, system_identifier)
            select pg_current_snapshot(), system_identifier from pg_control_system()
            on conflict (one) do update set since = excluded.since"""
        )

    def limit_topic(self, name: str, limit_bytes: int) -> None:
        """Lower (or raise) what Kafka itself takes, as an operator of Kafka might without asking."""
        self.set_topic(name, "max.message.bytes", limit_bytes)

    def set_topic(self, name: str, setting: str, value: int) -> None:
        """Change one of a topic's settings."""
        entry = ConfigEntry(setting, str(value), incremental_operation=AlterConfigOpType.SET)
        topic = self.topics.kafka_names[name]
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        admin = AdminClient(self.kafka)
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(10)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own, thrown away at the end whatever became of it."""
        connection = await asyncpg.connect(self.dsn, timeout=CONNECT_SECONDS)
        try:
            yield connection
        finally:
            connection.terminate()

    @asynccontextmanager
    async def relaying(self, **changes: Any) -> AsyncIterator[asyncio.Task[None]]:
        """A relay in this process, until the context ends."""
        stop = asyncio.Event()
        task = asyncio.create_task(run_relay(self.settings(**changes), stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)

    async def published_rows(self, conn: asyncpg.Connection, count: int, timeout_seconds: float = 20) -> None:
        """Wait until the checkpoint has passed so many rows in all."""

        async def reached() -> bool:
            found = await conn.fetchval("select published_rows from outbox_checkpoint")
            assert found == count, f"{found} of {count} rows are published"
            return True

        await eventually(reached, timeout_seconds)

    async def records(self, at_least: int = 0) -> list[Record]:
        """All records of the topics, in the order of each partition, once there are so many."""
        return await asyncio.to_thread(read_records, self.bootstrap, self.topics, at_least)


@contextmanager
def staged(dsn: str, bootstrap: str, names: Sequence[str], prefix: str, partitions: int = 3) -> Iterator[Stage]:
    """A stage whose topics live as long as the context."""
    topics = Topics.of(names, partitions, prefix)
    kafka = {"bootstrap.servers": bootstrap}
    ensure_topics(kafka, topics)
    try:
        yield Stage(dsn, bootstrap, topics)
    finally:
        with contextlib.suppress(Exception):
            admin = AdminClient(dict(kafka))
            for future in admin.delete_topics(list(topics.kafka_names.values())).values():
                future.result(10)


def relay_starter(laurel_process: Callable[..., LaurelProcess], topics: Topics, **defaults: str) -> StartRelay:
    """`start(LAUREL_X="…")` starts `laurel relay` as a process on these topics, which have equal partitions."""
    (partitions,) = set(topics.partitions.values())
    own = {
        "LAUREL_TOPIC_PREFIX": topics.prefix,
        "LAUREL_KAFKA_PARTITIONS": str(partitions),
        "LAUREL_RELAY_METRICS_PORT": "0",
        **defaults,
    }

    def start(**variables: str) -> LaurelProcess:
        return laurel_process("relay", **{**own, **variables})

    return start


async def leader_among(conn: asyncpg.Connection, relays: Sequence[LaurelProcess]) -> LaurelProcess:
    """The relay whose session holds the leader's lock, found by the port of its connection."""

    async def found() -> LaurelProcess | None:
        leader = (await status(conn)).leader
        port = leader and await conn.fetchval("select client_port from pg_stat_activity where pid = $1", leader.pid)
        return next((relay for relay in relays if port and port in _local_ports(relay.pid)), None)

    relay = await eventually(found, TAKE_OVER_SECONDS)
    assert relay is not None
    return relay


def _local_ports(pid: int) -> set[int]:
    with contextlib.suppress(psutil.Error):
        return {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp") if connection.laddr}
    return set()


def read_records(bootstrap: str, topics: Topics, at_least: int = 0) -> list[Record]:
    """Read from the beginning to the end as it is once there are `at_least` so many. Blocks."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "test",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
    )
    partitions = [(topics.kafka_names[name], p) for name, count in topics.partitions.items() for p in range(count)]
    found: list[Record] = []
    unread = set(partitions)
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in partitions])
        while unread or len(found) < at_least:
            message = consumer.poll(READ_SECONDS)
            assert message is not None, f"{len(found)} of {at_least} records after {READ_SECONDS} s"
            error = message.error()
            if error is None:
                found.append(_record(message))
            else:
                unread.discard((str(message.topic()), int(message.partition() or 0)))
    finally:
        consumer.close()
    return sorted(found, key=lambda record: (record.topic, record.partition, record.offset))


def _record(message: Message) -> Record:
    headers = {name: _text(value) for name, value in dict(message.headers() or []).items()}
    key, value = message.key(), message.value()
    return Record(
        str(message.topic()),
        int(message.partition() or 0),
        int(message.offset() or 0),
        bytes(key or b"").decode(),
        bytes(value or b""),
        headers,
        message.timestamp()[1] / 1000,
    )


def _text(value: str | bytes | None) -> str:
    return value if isinstance(value, str) else bytes(value or b"").decode(errors="replace")
