"""Replayed records are the same events again, marked, and neither a relay nor a reader takes them for the first."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from outbox import ForeignHistoryError, NewEvent
from outbox.replay import Replayed, ReplayRefusedError, Wanted, list_replays, replay
from tests.support.outbox import Record, Stage, staged

NAMES = ["orders", "refunds"]
MARK = "ce_replayid"


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, NAMES, topic_prefix) as found:
        yield found


async def publish(stage: Stage, conn: asyncpg.Connection, rows: int) -> None:
    await stage.append(conn, *events(stage, rows))
    async with stage.relaying():
        await stage.published_rows(conn, rows)


def events(stage: Stage, rows: int) -> list[NewEvent]:
    """Of five keys, in turn of two topics."""
    return [stage.event(f"k{n % 5}", topic=NAMES[n % 2]) for n in range(rows)]


async def again(stage: Stage, wanted: Wanted | None = None) -> Replayed:
    return await replay(stage.settings(), wanted or Wanted(), asked_by="test")


def split(records: list[Record]) -> tuple[list[Record], list[Record]]:
    """First deliveries, and replayed records."""
    return [r for r in records if MARK not in r.headers], [r for r in records if MARK in r.headers]


async def test_a_replayed_record_is_the_first_one_with_a_mark(stage: Stage, conn: asyncpg.Connection) -> None:
    await publish(stage, conn, 100)
    done = await again(stage)
    assert (done.rows, done.last_id) == (100, 100)
    first, replayed = split(await stage.records(200))
    assert {record.headers[MARK] for record in replayed} == {str(done.replay_id)}
    for one, other in zip(first, replayed, strict=False):
        unmarked = {name: value for name, value in other.headers.items() if name != MARK}
        assert (unmarked, other.key, other.value) == (one.headers, one.key, one.value)
    for topic in stage.topics.kafka_names.values():
        ids = [record.outbox_id for record in replayed if record.topic == topic]
        assert len(ids) == 50
    for key in {record.key for record in replayed}:
        ids = [record.outbox_id for record in replayed if record.key == key and record.topic.endswith("orders")]
        assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(topic="refunds", since=91), [92, 94, 96, 98, 100]),
        (Wanted(key="k1", until=12), [2, 7]),
        (Wanted(since=99), [99, 100]),
        (Wanted(since=1_000), []),
        (Wanted(key="nobody"), []),
    ],
    ids=["topic", "key", "id", "beyond the end", "nobody"],
)
async def test_what_is_wanted_is_replayed_and_nothing_else(
    stage: Stage, conn: asyncpg.Connection, wanted: Wanted, ids: list[int]
) -> None:
    await stage.pass_over(conn, *events(stage, 100))
    assert (await replay(stage.settings(), wanted, asked_by="test", dry_run=True)).rows == len(ids)
    assert (await again(stage, wanted)).rows == len(ids)
    _, replayed = split(await stage.records(len(ids)))
    assert sorted(record.outbox_id for record in replayed) == ids


async def test_what_waits_for_its_first_delivery_is_counted_and_left_to_the_relay(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    await stage.pass_over(conn, *events(stage, 10))
    await stage.append(conn, *events(stage, 25))
    done = await again(stage, Wanted(topic="orders"))
    assert (done.rows, done.unpublished_rows) == (5, 13)
    first, replayed = split(await stage.records(5))
    assert (len(first), len(replayed)) == (0, 5)


async def test_a_time_of_writing_bounds_a_replay_to_the_event(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.pass_over(conn, *events(stage, 30))
    await conn.execute("update outbox set created_at = created_at - (100 - id) * interval '20 minutes'")
    times = {row["id"]: row["created_at"] for row in await conn.fetch("select id, created_at from outbox")}
    wanted = Wanted(since=times[5], until=times[9])
    assert (await again(stage, wanted)).rows == 4
    _, replayed = split(await stage.records(4))
    assert sorted(record.outbox_id for record in replayed) == [5, 6, 7, 8]
    assert (await again(stage, Wanted(since=times[30] + timedelta(microseconds=1)))).rows == 0


async def test_a_replay_is_never_taken_for_a_first_delivery(stage: Stage, conn: asyncpg.Connection) -> None:
    """The relay's place is lost, and all that it published is gone: only replayed records are in the topics' ends."""
    await publish(stage, conn, 20)
    saved = await conn.fetchrow("select since::text, ends::text from outbox_checkpoint")
    await again(stage)
    await conn.execute(
        "update outbox_checkpoint set since = '3:3:', ends = $1::text::jsonb, published_rows = 0", saved["ends"]
    )
    async with stage.relaying():
        await stage.published_rows(conn, 20)
    first, replayed = split(await stage.records(60))
    assert len(replayed) == 20
    assert len(first) == 40, "what the checkpoint did not know of was sent, though replayed records of it were there"


async def test_a_first_delivery_is_never_taken_for_a_replay(stage: Stage, conn: asyncpg.Connection) -> None:
    """A relay that lost its place finds the first deliveries among replayed ones, and repeats none of them."""
    await publish(stage, conn, 20)
    await again(stage)
    await conn.execute("update outbox_checkpoint set since = '3:3:', ends = '{}', published_rows = 0")
    async with stage.relaying():
        await stage.published_rows(conn, 20)
    first, replayed = split(await stage.records(40))
    assert (len(first), len(replayed)) == (20, 20)


async def test_a_replay_beside_a_relay_disturbs_nothing(stage: Stage, conn: asyncpg.Connection) -> None:
    await publish(stage, conn, 200)
    async with stage.relaying():
        replaying = asyncio.create_task(replay(stage.settings(), Wanted(), asked_by="test", rows_per_second=2_000))
        for _ in range(20):
            await stage.append(conn, *(stage.event("live") for _ in range(5)))
        assert (await replaying).rows >= 200
        await stage.published_rows(conn, 300)
    first, replayed = split(await stage.records(500))
    assert sorted(record.outbox_id for record in first) == list(range(1, 301))
    assert {record.outbox_id for record in replayed} >= set(range(1, 201))


async def test_leaders_that_go_during_a_replay_repeat_and_miss_nothing(stage: Stage, conn: asyncpg.Connection) -> None:
    """Each new leader looks at the topics' ends, where replayed records and its predecessor's last ones lie mixed."""
    await publish(stage, conn, 300)
    in_all = 300
    async with stage.relaying(page_rows=20, checkpoint_seconds=5, checkpoint_rows=1_000_000):
        for _ in range(3):
            replaying = asyncio.create_task(again(stage))
            for _ in range(10):
                await stage.append(conn, *events(stage, 20))
                in_all += 20
            await conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'laurel-relay' and datname = current_database()"
            )
            await replaying
        await stage.published_rows(conn, in_all)
    first, replayed = split(await stage.records(in_all + 900))
    assert sorted(record.outbox_id for record in first) == list(range(1, in_all + 1))
    assert len(replayed) >= 900
    for key in {record.key for record in first}:
        ids = [record.outbox_id for record in first if record.key == key and record.topic.endswith("orders")]
        assert ids == sorted(ids)


async def test_only_published_events_are_replayed(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.pass_over(conn, *events(stage, 10))
    await stage.append(conn, *(stage.event() for _ in range(3)))
    await conn.execute(
        """insert into outbox_parked (outbox_id, event_id, topic, key, payload, source, occurred_at, created_at)
        select id, event_id, topic, key, payload, source, occurred_at, created_at from outbox where id = 4"""
    )
    assert (await again(stage)).rows == 9
    _, replayed = split(await stage.records(9))
    assert sorted(record.outbox_id for record in replayed) == [1, 2, 3, 5, 6, 7, 8, 9, 10]


async def test_nothing_is_replayed_on_the_word_of_another_history(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.pass_over(conn, *events(stage, 3))
    await conn.execute("update outbox_checkpoint set since = '999999999:999999999:'")
    with pytest.raises(ForeignHistoryError):
        await again(stage)


async def test_a_replay_keeps_a_record_of_itself(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.pass_over(conn, *events(stage, 10))
    done = await again(stage, Wanted(topic="orders"))
    (noted,) = await list_replays(conn)
    assert UUID(str(noted["replay_id"])) == done.replay_id
    assert (noted["asked_by"], noted["wanted"]) == ("test", {"topic": "orders"})
    assert (noted["replayed_rows"], noted["last_id"], noted["ended_at"] is not None) == (5, 10, True)


async def test_an_event_that_kafka_refuses_now_ends_the_replay_and_says_where(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    await stage.pass_over(conn, *(stage.event("k", b"x" * (3_000 if n == 4 else 10)) for n in range(10)))
    stage.limit_topic("orders", 2_000)
    with pytest.raises(ReplayRefusedError, match="--from 5, or leave it out with --from 6"):
        await again(stage)
    _, replayed = split(await stage.records(4))
    assert sorted({record.outbox_id for record in replayed}) == [1, 2, 3, 4]
    assert (await again(stage, Wanted(since=6))).rows == 5


async def test_pages_are_bounded_in_bytes_and_miss_nothing(stage: Stage, conn: asyncpg.Connection) -> None:
    await stage.pass_over(conn, *(stage.event("k", b"x" * 800_000) for _ in range(12)))
    pages: list[Replayed] = []
    done = await replay(stage.settings(), Wanted(), asked_by="test", dry_run=True, tell=pages.append)
    assert (done.rows, done.payload_bytes) == (12, 12 * 800_000)
    assert [page.rows for page in pages] == [6, 12]


def test_the_mark_is_an_attribute_that_cloudevents_allows() -> None:
    """Lower-case letters and digits, no longer than 20 (CloudEvents 1.0, naming conventions)."""
    assert re.fullmatch(r"ce_[a-z0-9]{1,20}", MARK)
