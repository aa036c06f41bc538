"""Appending: with the transaction or not at all, in order, and nothing that Kafka could not take."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from outbox import (
    EventTooLargeError,
    InvalidAttributeError,
    InvalidKeyError,
    NewEvent,
    OutsideTransactionError,
    Topics,
    UnknownTopicError,
    UnserialisedPayloadError,
    append,
    insert_values,
)
from tests.support.outbox import MOMENT

TOPICS = Topics.of(["orders", "refunds"])


def event(number: int = 0, topic: str = "orders", key: str = "k") -> NewEvent:
    return NewEvent(topic, key, b"%d" % number, uuid.uuid4(), MOMENT)


def unserialised(payload: Any) -> NewEvent:
    """What callers without a type checker may come with."""
    return replace(event(), payload=payload)


async def rows(conn: asyncpg.Connection) -> list[asyncpg.Record]:
    return list(await conn.fetch("select * from outbox order by id"))


TRACED = [replace(event(n), source="/shop", traceparent=f"00-{n:032x}-{n:016x}-01") for n in range(1000)]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(TRACED, id="of one source"),
        pytest.param([event(n) for n in range(2)], id="alike"),
        pytest.param([event(1), *TRACED[:2], event(2)], id="some traced"),
        pytest.param([replace(event(n, "refunds"), occurred_at=MOMENT + timedelta(n)) for n in range(3)], id="of days"),
        pytest.param([event(1, "refunds"), event(2, "orders")], id="of two topics"),
    ],
)
async def test_events_are_stored_in_the_given_order_with_all_they_have(
    conn: asyncpg.Connection, given: list[NewEvent]
) -> None:
    async with conn.transaction():
        await append(conn, given, TOPICS)
    stored = await rows(conn)
    assert [
        NewEvent(r["topic"], r["key"], r["payload"], r["event_id"], r["occurred_at"], r["source"], r["traceparent"])
        for r in stored
    ] == given


async def test_append_is_one_statement_whatever_the_number_of_events(conn: asyncpg.Connection) -> None:
    seen: list[str] = []
    async with conn.transaction():
        for count in (1, 2):
            await append(conn, [event(n) for n in range(count)], TOPICS)
        with conn.query_logger(lambda record: seen.append(record.query)):
            await append(conn, [event(n) for n in range(100)], TOPICS)
            await append(conn, [event()], TOPICS)
            await append(conn, [], TOPICS)
    assert len(seen) == 2


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("before", "within"), [("off", "local"), ("remote_write", "remote_write")])
async def test_a_transaction_that_appends_waits_for_the_disk(
    conn: asyncpg.Connection, count: int, before: str, within: str
) -> None:
    await conn.execute("select set_config('synchronous_commit', $1, false)", before)
    async with conn.transaction():
        await append(conn, [event(n) for n in range(count)], TOPICS)
        assert await conn.fetchval("show synchronous_commit") == within
    assert await conn.fetchval("show synchronous_commit") == before
    assert len(await rows(conn)) == count


ONE_STATEMENT = """
with placed as (insert into purchase (customer) values ($1) returning customer)
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select $2::uuid, $3, $4, $5::bytea, $6, $7::timestamptz, $8 from placed
"""


async def test_a_change_and_its_event_are_one_statement_for_those_who_want_that(conn: asyncpg.Connection) -> None:
    await conn.execute("create table purchase (customer text primary key)")
    traced = replace(event(), traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    await conn.execute(ONE_STATEMENT, "anna", *insert_values(traced, TOPICS))
    with pytest.raises(asyncpg.UniqueViolationError):
        await conn.execute(ONE_STATEMENT, "anna", *insert_values(event(1), TOPICS))
    apart = event(2)
    async with conn.transaction():
        await append(conn, [replace(traced, event_id=apart.event_id)], TOPICS)
    columns = "topic, key, payload, source, occurred_at, traceparent"
    together, appended = await conn.fetch(f"select {columns} from outbox order by id")
    assert together == appended


async def test_a_statement_of_ones_own_waits_for_the_disk_too(conn: asyncpg.Connection) -> None:
    await conn.execute("create table purchase (customer text primary key); set synchronous_commit = off")
    async with conn.transaction():
        await conn.execute(ONE_STATEMENT, "anna", *insert_values(event(), TOPICS))
        assert await conn.fetchval("show synchronous_commit") == "local"


def test_the_values_of_a_statement_of_ones_own_are_refused_as_append_refuses_them() -> None:
    with pytest.raises(UnknownTopicError):
        insert_values(event(), Topics.of(["others"]))


async def test_outside_a_transaction_it_is_refused(conn: asyncpg.Connection) -> None:
    with pytest.raises(OutsideTransactionError):
        await append(conn, [event()], TOPICS)
    assert await rows(conn) == []


async def test_events_go_with_their_transaction(conn: asyncpg.Connection) -> None:
    transaction = conn.transaction()
    await transaction.start()
    await append(conn, [event()], TOPICS)
    await transaction.rollback()
    assert await rows(conn) == []


async def test_a_savepoint_rolled_back_takes_only_its_own_events(conn: asyncpg.Connection) -> None:
    async with conn.transaction():
        await append(conn, [event(1)], TOPICS)
        savepoint = conn.transaction()
        await savepoint.start()
        await append(conn, [event(2)], TOPICS)
        await savepoint.rollback()
        async with conn.transaction():
            await append(conn, [event(3)], TOPICS)
    stored = await rows(conn)
    assert [row["payload"] for row in stored] == [b"1", b"3"]
    assert len({row["xid"] for row in stored}) == 1, "rows of savepoints carry the transaction's own id"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (event(topic="unheard-of"), UnknownTopicError),
        (event(key=""), InvalidKeyError),
        (event(key="a\0b"), InvalidKeyError),
        (event(key="é" * 257), InvalidKeyError),
        (event(key="half a \ud800 pair"), InvalidKeyError),
        (replace(event(), payload=b"x" * (TOPICS.max_payload_bytes + 1)), EventTooLargeError),
        (unserialised("points"), UnserialisedPayloadError),
        (unserialised({"points": 5}), UnserialisedPayloadError),
        (unserialised(None), UnserialisedPayloadError),
        (replace(event(), traceparent="a\0b"), InvalidAttributeError),
        (replace(event(), traceparent="x" * 513), InvalidAttributeError),
        (replace(event(), source="é" * 257), InvalidAttributeError),
    ],
)
async def test_what_kafka_could_not_take_is_refused_before_anything_is_stored(
    conn: asyncpg.Connection, wrong: NewEvent, error: type[Exception]
) -> None:
    async with conn.transaction():
        with pytest.raises(error):
            await append(conn, [event(), wrong], TOPICS)
        assert await conn.fetchval("select count(*) from outbox") == 0, "the transaction is still good, and empty"


async def test_concurrent_writers_of_one_key_get_ids_in_commit_order(pool: asyncpg.Pool) -> None:
    await pool.execute("create table counter (n int not null); insert into counter values (0)")

    async def write() -> None:
        async with pool.acquire() as conn, conn.transaction():
            number = await conn.fetchval("update counter set n = n + 1 returning n")
            await append(conn, [event(number)], TOPICS)

    await asyncio.gather(*(write() for _ in range(100)))
    stored = await pool.fetch("select payload from outbox order by id")
    assert [int(row["payload"]) for row in stored] == list(range(1, 101))


async def test_beyond_the_last_partition_the_default_one_takes_the_rows(conn: asyncpg.Connection) -> None:
    await conn.execute("alter table outbox alter id restart with 1000000000000")
    async with conn.transaction():
        await append(conn, [event()], TOPICS)
    assert await conn.fetchval("select tableoid::regclass::text from outbox") == "outbox_default"


def test_writers_load_no_kafka_client() -> None:
    program = "import sys, outbox; assert not {'confluent_kafka', 'aiokafka'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
