"""Kafka changes under a relay at work: its limit is lowered, its topics are made anew or get more partitions.

At append nothing gets in that Kafka could not take (tests/integration/test_outbox_append.py). Here Kafka changes its
mind afterwards. What it then refuses holds back its own key, in order, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from outbox import RepartitionedError, status
from outbox.parking import list_parked, requeue
from tests.chaos.conftest import PARTITIONS
from tests.chaos.outbox_campaign import outcome, tell
from tests.chaos.outbox_history import Verdict
from tests.chaos.outbox_writers import SCHEMA, Writers
from tests.support.campaigns import run_seed, seeded, sized
from tests.support.outbox import Record, Stage, StartRelay, staged
from tests.support.waiting import eventually

LIMIT_BYTES = 2_000
KAFKAS_OWN_LIMIT_BYTES = 1_048_588
WRITING_SECONDS = sized(2.0, 20.0)
ROUNDS = sized(1, 5)
PARKING_SECONDS = 60
ADMIN_SECONDS = 30

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180 + ROUNDS * 120)]


async def test_a_limit_that_is_lowered_parks_keys_and_raised_again_gives_them_back_in_order(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    dice = seeded("lowered limits")
    await conn.execute(SCHEMA)
    writers = Writers(stage.dsn, stage.topics, run_seed(), pause_seconds=0.05, large_bytes=2 * LIMIT_BYTES)
    relay, parked_keys = start_relay(), 0
    writing = asyncio.create_task(writers.run(short=4, long=1))
    for number in range(ROUNDS):
        await limit(stage, LIMIT_BYTES)
        await eventually(lambda: list_parked(conn), PARKING_SECONDS)
        await asyncio.sleep(dice.uniform(0, WRITING_SECONDS))
        if number % 2 == 0:
            await asyncio.to_thread(relay.kill)
            relay = start_relay()
        parked_keys += len(await list_parked(conn, limit=1_000))
        await limit(stage, KAFKAS_OWN_LIMIT_BYTES)
        if number == ROUNDS - 1:
            writers.stopped = True
            await writing
        await nothing_parked_any_more(conn)
    found = await outcome(stage, conn, writers)
    tell("outbox-lowered-limits", run_seed(), writers, found, {"rounds": ROUNDS, "parked_keys": parked_keys})
    assert found.verdict == Verdict(), found.verdict


async def limit(stage: Stage, limit_bytes: int) -> None:
    """Lower or raise what Kafka takes, in all topics."""
    for name in stage.topics.partitions:
        await asyncio.to_thread(stage.limit_topic, name, limit_bytes)


async def nothing_parked_any_more(conn: asyncpg.Connection) -> None:
    """Ask for every parked key to be tried again, until none is left."""

    async def all_asked_for() -> bool:
        keys = await list_parked(conn, limit=1_000)
        for key in keys:
            if key.requested is None:
                await requeue(conn, key.topic, key.key)
        assert not keys, f"{len(keys)} keys are parked"
        return True

    await eventually(all_asked_for, PARKING_SECONDS)


async def test_one_refused_record_stops_nobody_else_of_its_page_and_partition(
    database_url: str, kafka_bootstrap: str, topic_prefix: str, conn: asyncpg.Connection
) -> None:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix, partitions=1) as stage:
        stage.limit_topic("orders", LIMIT_BYTES)
        events = [stage.event(f"k{number % 20}") for number in range(400)]
        events[205] = stage.event("k5", b"x" * (LIMIT_BYTES + 1))
        await stage.append(conn, *events)
        async with stage.relaying():
            await eventually(lambda: list_parked(conn), PARKING_SECONDS)
            await stage.published_rows(conn, 390)
        ids = by_key(await stage.records(390))
    before_it = [id_ for id_ in range(1, 401) if id_ % 20 == 6 and id_ < 206]
    assert ids == {
        f"k{key}": before_it if key == 5 else [id_ for id_ in range(1, 401) if id_ % 20 == (key + 1) % 20]
        for key in range(20)
    }


async def test_a_topic_that_is_made_anew_gets_all_that_comes_then(stage: Stage, conn: asyncpg.Connection) -> None:
    name = stage.topics.kafka_names["points.earned"]
    async with stage.relaying(longest_outage_pause_seconds=0.5) as relay:
        await stage.append(conn, *(stage.event(f"k{n % 5}", topic="points.earned") for n in range(50)))
        await stage.published_rows(conn, 50)
        admin = AdminClient(stage.kafka)
        await asyncio.to_thread(admin.delete_topics([name])[name].result, ADMIN_SECONDS)
        await stage.append(conn, *(stage.event(f"k{n % 5}", topic="points.earned") for n in range(50)))
        await eventually(lambda: interrupted(conn))
        made = admin.create_topics([NewTopic(name, num_partitions=PARTITIONS)])
        await asyncio.to_thread(made[name].result, ADMIN_SECONDS)
        await stage.append(conn, *(stage.event(f"k{n % 5}") for n in range(50)))
        await stage.published_rows(conn, 150, 60)
        assert not relay.done()
    records = await stage.records(100)
    ids = by_key([record for record in records if record.topic == name])
    assert ids == {f"k{key}": list(range(51 + key, 101, 5)) for key in range(5)}
    assert len(records) == 100


async def interrupted(conn: asyncpg.Connection) -> bool:
    """The second fifty wait."""
    return (await status(conn)).backlog_rows == 50


async def test_more_partitions_put_nothing_out_of_order_and_stop_the_next_relay(
    stage: Stage, conn: asyncpg.Connection
) -> None:
    name = stage.topics.kafka_names["points.earned"]
    async with stage.relaying() as relay:
        await stage.append(conn, *(stage.event(f"k{n % 9}", topic="points.earned") for n in range(90)))
        await stage.published_rows(conn, 90)
        admin = AdminClient(stage.kafka)
        done = admin.create_partitions([NewPartitions(name, PARTITIONS + 3)])
        await asyncio.to_thread(done[name].result, ADMIN_SECONDS)
        await stage.append(conn, *(stage.event(f"k{n % 9}", topic="points.earned") for n in range(90)))
        await stage.published_rows(conn, 180)
        assert not relay.done()
    records = await stage.records(180)
    assert {record.partition for record in records} <= set(range(PARTITIONS)), "keys stay where they were"
    assert by_key(records) == {f"k{key}": list(range(1 + key, 181, 9)) for key in range(9)}
    with pytest.raises(RepartitionedError, match=name):
        async with stage.relaying() as relay:
            await asyncio.wait_for(asyncio.shield(relay), 20)


def by_key(records: list[Record]) -> dict[str, list[int]]:
    """The outbox ids of each key, in the order of their partition."""
    ids: dict[str, list[int]] = defaultdict(list)
    for record in records:
        ids[record.key].append(record.outbox_id)
    return dict(ids)
