"""The relay on real PostgreSQL and Kafka: what arrives, and what happens when something is away or wrong."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.error import HTTPError

import asyncpg
import pytest
from confluent_kafka import Producer

from outbox import ForeignHistoryError, Leader, Poke, RepartitionedError, Topics, append, status
from tests.support.outbox import Stage, staged
from tests.support.proxy import proxied
from tests.support.waiting import eventually

NAMES = ["orders", "refunds"]


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, NAMES, topic_prefix) as found:
        yield found


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_record_is_the_event_as_cloudevents_wants_it(stage: Stage, conn: asyncpg.Connection) -> None:
    traced = replace(stage.event("member-é", b"\x00\xff"), traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    async with stage.relaying():
        (id_,) = await stage.append(conn, traced)
        (record,) = await stage.records(1)
    assert (record.topic, record.key, record.value) == (stage.topics.prefix + "orders", "member-é", b"\x00\xff")
    assert record.headers == {
        "ce_specversion": "1.0",
        "ce_id": str(traced.event_id),
        "ce_type": "orders",
        "ce_source": "/laurel",
        "ce_subject": "member-é",
        "ce_time": "2026-11-22T15:00:00.123456Z",
        "ce_sequence": str(id_),
        "traceparent": traced.traceparent,
    }


async def test_a_page_is_stamped_with_the_moment_before_it_is_sent(stage: Stage, conn: asyncpg.Connection) -> None:
    """Not each record with its own: what a frozen process sends late shall look late (decision 0130)."""
    await stage.append(conn, *(stage.event(f"k{n}") for n in range(1_000)))
    async with stage.relaying():
        await stage.published_rows(conn, 1_000)
    moments = {record.produced_at for record in await stage.records(1_000)}
    assert len(moments) <= 2, "the first of each partition goes ahead, the rest follows"


async def test_an_event_without_a_trace_has_no_traceparent(stage: Stage, conn: asyncpg.Connection) -> None:
    async with stage.relaying():
        await stage.append(conn, stage.event())
        (record,) = await stage.records(1)
    assert "traceparent" not in record.headers


async def test_a_key_goes_to_the_partition_that_librdkafka_would_choose(stage: Stage, conn: asyncpg.Connection) -> None:
    keys = [f"member-{n}" for n in range(30)]
    async with stage.relaying():
        await stage.append(conn, *(stage.event(key) for key in keys))
        ours = {record.key: record.partition for record in await stage.records(30)}
    producer = Producer(stage.kafka)
    for key in keys:
        producer.produce(stage.topics.kafka_names["refunds"], b"", key)
    assert producer.flush(10) == 0
    theirs = {record.key: record.partition for record in await stage.records(60) if record.topic.endswith("refunds")}
    assert ours == theirs
    assert len(set(ours.values())) == 3


async def test_many_pages_arrive_once_each_in_the_order_of_their_key(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.append(conn, *(stage.event(f"k{n % 17}", topic=NAMES[n % 2]) for n in range(5_000)))
    async with stage.relaying(page_rows=300, page_bytes=4_000):
        await stage.published_rows(conn, 5_000)
    records = await stage.records(5_000)
    assert len(records) == 5_000
    for topic in stage.topics.kafka_names.values():
        for key in {record.key for record in records}:
            ids = [record.outbox_id for record in records if (record.topic, record.key) == (topic, key)]
            assert ids == sorted(ids)


async def test_a_relay_goes_on_where_the_last_one_ended(stage: Stage, conn: asyncpg.Connection) -> None:
    for count in (10, 20, 30):
        await stage.append(conn, *(stage.event() for _ in range(10)))
        async with stage.relaying():
            await stage.published_rows(conn, count)
    assert [record.outbox_id for record in await stage.records(30)] == list(range(1, 31))


async def test_a_relay_that_is_told_to_stop_delivers_what_it_has_and_saves_its_place(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    await stage.append(conn, *(stage.event() for _ in range(3_000)))
    late: dict[str, Any] = {
        "checkpoint_seconds": 60,
        "checkpoint_rows": 1_000_000,
        "leadership_seconds": 60,
        "drain_seconds": 15,
    }
    async with stage.relaying(page_rows=100, **late) as relay:
        await stage.records(100)
        assert not relay.done()
    records = await stage.records()
    assert await conn.fetchval("select published_rows from outbox_checkpoint") == len(records)
    assert (await status(conn)).leader is None, "the leadership was given back"


async def test_what_was_published_beyond_the_checkpoint_is_not_sent_again(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    await stage.append(conn, *(stage.event(f"k{n % 5}") for n in range(500)))
    async with stage.relaying():
        await stage.published_rows(conn, 500)
    await conn.execute("update outbox_checkpoint set since = '3:3:', ends = '{}', published_rows = 0")
    await stage.append(conn, *(stage.event(f"k{n % 5}") for n in range(50)))
    async with stage.relaying(page_rows=60):
        await stage.published_rows(conn, 550)
    assert sorted(record.outbox_id for record in await stage.records(550)) == list(range(1, 551))


async def test_a_standby_takes_over_when_the_leader_goes(stage: Stage, conn: asyncpg.Connection) -> None:
    async with stage.relaying(application_name="first"):
        await leader(conn, "first")
        async with stage.relaying(application_name="second"):
            await stage.append(conn, stage.event())
            await stage.published_rows(conn, 1)
            await conn.execute("select pg_terminate_backend($1)", (await leader(conn, "first")).pid)
            await eventually(lambda: has_leader(conn))
            await stage.append(conn, stage.event())
            await stage.published_rows(conn, 2)
    assert [record.outbox_id for record in await stage.records(2)] == [1, 2]


async def test_a_relay_outlives_its_session(stage: Stage, conn: asyncpg.Connection) -> None:
    async with stage.relaying() as relay:
        for count in range(1, 6):
            await stage.append(conn, stage.event())
            await stage.published_rows(conn, count)
            await conn.execute("select pg_terminate_backend($1)", (await leader(conn)).pid)
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 6)
        assert not relay.done()
    assert [record.outbox_id for record in await stage.records(6)] == list(range(1, 7))


async def test_a_database_that_is_away_is_waited_for(stage: Stage, conn: asyncpg.Connection) -> None:
    async with (
        proxied(stage.dsn) as (through, proxy),
        stage.relaying(dsn=through, longest_outage_pause_seconds=0.2) as relay,
    ):
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)
        await proxy.cut()
        await stage.append(conn, stage.event())
        await eventually(lambda: no_leader(conn))
        assert not relay.done()
        await proxy.mend()
        await stage.published_rows(conn, 2)
    assert [record.outbox_id for record in await stage.records(2)] == [1, 2]


async def test_a_missing_topic_is_waited_for(stage: Stage, conn: asyncpg.Connection, unique: str) -> None:
    prefix = f"late-{unique}."
    later = replace(stage, topics=Topics.of(NAMES, 2, prefix))
    with ExitStack() as made:
        async with later.relaying(longest_outage_pause_seconds=0.2):
            await later.append(conn, later.event())
            await leader(conn)
            made.enter_context(staged(stage.dsn, stage.bootstrap, NAMES, prefix, 2))
            await later.published_rows(conn, 1)


async def test_a_topic_with_other_partitions_stops_the_relay(stage: Stage) -> None:
    wrong = replace(stage, topics=Topics.of(NAMES, 4, stage.topics.prefix))
    with pytest.raises(RepartitionedError, match=r"orders has 3 partitions instead of 4.*out of order"):
        async with wrong.relaying() as relay:
            await asyncio.wait_for(relay, 20)


@pytest.mark.parametrize(
    "damage",
    [
        "update outbox_checkpoint set since = '999999999:999999999:'",
        "update outbox_checkpoint set system_identifier = system_identifier + 1",
    ],
    ids=["ahead of the server", "of another server"],
)
async def test_a_checkpoint_of_another_history_stops_the_relay_and_says_what_to_do(
    stage: Stage, conn: asyncpg.Connection, damage: str
) -> None:
    async with stage.relaying():
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)
    await conn.execute(damage)
    with pytest.raises(ForeignHistoryError, match="laurel outbox rebase"):
        async with stage.relaying() as relay:
            await asyncio.wait_for(relay, 20)


async def test_an_id_that_was_published_for_another_event_stops_the_relay(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    async with stage.relaying():
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)
    await conn.execute("update outbox_checkpoint set since = '3:3:', ends = '{}'")
    await conn.execute("update outbox set event_id = gen_random_uuid()")
    with pytest.raises(ForeignHistoryError):
        async with stage.relaying() as relay:
            await asyncio.wait_for(relay, 20)


async def test_records_of_others_in_the_topics_do_no_harm(stage: Stage, conn: asyncpg.Connection) -> None:
    producer = Producer(stage.kafka)
    strange: list[dict[str, str | bytes | None]] = [{}, {"ce_sequence": b"1"}, {"ce_sequence": b"x", "ce_id": b"\xff"}]
    for headers in strange:
        producer.produce(stage.topics.kafka_names["orders"], b"not ours", "k", headers=headers)
    assert producer.flush(10) == 0
    async with stage.relaying():
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)
    assert len(await stage.records(4)) == 4


async def test_a_long_transaction_holds_up_only_its_own_events(stage: Stage, conn: asyncpg.Connection) -> None:
    late = await asyncpg.connect(stage.dsn)
    async with stage.relaying():
        transaction = late.transaction()
        await transaction.start()
        await append(late, [stage.event("late")], stage.topics)
        await stage.append(conn, *(stage.event("early") for _ in range(20)))
        await stage.published_rows(conn, 20)
        await transaction.commit()
        await stage.published_rows(conn, 21)
    await late.close()
    assert [record.outbox_id for record in await stage.records(21) if record.key == "late"] == [1]


async def test_publishing_leaves_no_dead_rows_in_the_log(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.append(conn, *(stage.event() for _ in range(1_000)))
    async with stage.relaying():
        await stage.published_rows(conn, 1_000)
    await conn.execute("select pg_stat_force_next_flush()")
    changed = await conn.fetchrow(
        "select sum(n_dead_tup) dead, sum(n_tup_upd) updated, sum(n_tup_del) deleted, sum(n_tup_ins) inserted "
        "from pg_stat_user_tables where relname like 'outbox_from_%'"
    )
    assert tuple(changed) == (0, 0, 0, 1_000)


async def test_a_poke_wakes_a_relay_that_hardly_polls(stage: Stage, conn: asyncpg.Connection) -> None:
    slow = {"shortest_pause_seconds": 30.0, "longest_pause_seconds": 30.0, "leadership_seconds": 120.0}
    async with stage.relaying(**slow), Poke(stage.dsn) as poke:
        await eventually(lambda: has_leader(conn))
        for count in range(1, 4):
            await stage.append(conn, stage.event())
            await eventually(poked(stage, poke, count))


def poked(stage: Stage, poke: Poke, count: int) -> Callable[[], Awaitable[bool]]:
    async def arrived() -> bool:
        poke.poke()
        return len(await stage.records()) == count

    return arrived


async def test_a_poke_costs_its_caller_nothing_whatever_the_database_does() -> None:
    async with Poke("postgresql://nobody@127.0.0.1:1/nothing") as poke:
        for _ in range(1_000):
            poke.poke()


async def test_a_poke_finds_its_database_again(stage: Stage, conn: asyncpg.Connection) -> None:
    heard = asyncio.Event()
    await conn.add_listener("outbox_poke", lambda *_: heard.set())

    def poked_and_heard() -> bool:
        poke.poke()
        return heard.is_set()

    async with proxied(stage.dsn) as (through, proxy), Poke(through) as poke:
        for _ in range(2):
            heard.clear()
            await eventually(poked_and_heard)
            await proxy.cut()
            poke.poke()
            await proxy.mend()


async def test_metrics_and_health_tell_how_it_goes(stage: Stage, conn: asyncpg.Connection, free_port: int) -> None:
    async with stage.relaying(metrics_port=free_port):
        await stage.append(conn, *(stage.event(payload=b"x" * 100) for _ in range(7)))
        await stage.published_rows(conn, 7)
        metrics = await eventually(scraped(free_port, "outbox_published_rows_total 7.0"))
        health = json.loads(await asyncio.to_thread(get, free_port, "/health/ready"))
        with pytest.raises(HTTPError, match="404"):
            await asyncio.to_thread(get, free_port, "/secrets")
    for name in (
        "oldest_unpublished_age_seconds",
        "backlog_rows",
        "parked_keys",
        "relay_leader 1.0",
        "read_payload_bytes_total 700.0",
    ):
        assert f"outbox_{name}" in metrics
    assert health["role"] == "leader"
    assert health["well"]


def scraped(port: int, expected: str) -> Callable[[], Awaitable[str]]:
    async def scrape() -> str:
        text = await asyncio.to_thread(get, port, "/metrics")
        return text if expected in text else ""

    return scrape


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return str(answer.read().decode())


async def test_status_tells_what_waits(stage: Stage, conn: asyncpg.Connection) -> None:
    assert (await status(conn)).checkpoint_at is None
    async with stage.relaying():
        await stage.append(conn, stage.event())
        await stage.published_rows(conn, 1)
        await eventually(lambda: nothing_waits(conn))
        assert (await leader(conn)).application == "laurel-relay"
    await stage.append(conn, *(stage.event() for _ in range(12)))
    found = await status(conn)
    assert (found.backlog_rows, found.published_rows, found.leader) == (12, 1, None)
    assert found.oldest_unpublished_age_seconds is not None
    assert found.oldest_unpublished_age_seconds >= 0


async def nothing_waits(conn: asyncpg.Connection) -> bool:
    found = await status(conn)
    return found.backlog_rows == 0 and found.oldest_unpublished_age_seconds is None


async def leader(conn: asyncpg.Connection, application: str | None = None) -> Leader:
    async def found() -> Leader | None:
        now = (await status(conn)).leader
        return now if application is None or (now and now.application == application) else None

    now = await eventually(found)
    assert now is not None
    return now


async def has_leader(conn: asyncpg.Connection) -> bool:
    return (await status(conn)).leader is not None


async def no_leader(conn: asyncpg.Connection) -> bool:
    return (await status(conn)).leader is None
