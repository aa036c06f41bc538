"""Two producers: one page after the other, whichever takes it; and what may wait for Kafka is bounded."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from outbox.kafka import LARGEST_BATCH_BYTES, LeaseExpiredError, producer_config
from outbox.lanes import Lanes
from outbox.log import START, Row
from outbox.publisher import SLICE_ROWS, Publisher
from tests.support.outbox import Stage, staged
from tests.support.waiting import eventually

NAMES = ["orders", "refunds"]
LONG = 60.0


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, NAMES, topic_prefix) as found:
        yield found


@pytest.fixture
def lanes(stage: Stage) -> Iterator[Lanes]:
    made = Lanes(stage.settings(page_rows=100, page_bytes=10_000, pages_in_flight=2), LARGEST_BATCH_BYTES)
    yield made
    for publisher in made.all:
        publisher.abandon()
        publisher.close()


def rows(count: int, *, payload: bytes = b"{}", first: int = 1, key: str | None = None) -> list[Row]:
    """Rows as the log reader gives them, with keys of all partitions unless one is wanted."""
    time_ = "2026-11-22 15:00:00+00"
    return [
        (n, NAMES[n % 2], key or f"k{n % 30}", payload, str(uuid.uuid4()), "/laurel", time_, None, 0)
        for n in range(first, first + count)
    ]


def soon() -> float:
    return time.monotonic() + LONG


async def delivered(lanes: Lanes) -> None:
    def settled() -> bool:
        lanes.settled()
        return lanes.idle

    await eventually(settled)


async def test_the_other_lane_takes_over_when_nothing_is_in_flight(lanes: Lanes, stage: Stage) -> None:
    prompt = lanes.lane(bulk=False)
    await prompt.send(rows(10), START, soon())
    assert lanes.has_room(bulk=False), "a small page may follow at once"
    assert not lanes.has_room(bulk=True), "the prompt one has a page in flight"
    await delivered(lanes)
    assert lanes.has_room(bulk=True)
    bulk = lanes.lane(bulk=True)
    assert bulk is not prompt
    await bulk.send(rows(10, first=11), START, soon())
    assert lanes.lane(bulk=False) is bulk, "as long as it is in use it takes whatever comes"
    await delivered(lanes)
    assert lanes.lane(bulk=False) is prompt
    assert sorted(record.outbox_id for record in await stage.records(20)) == list(range(1, 21))


@pytest.mark.parametrize(("count", "payload"), [(200, b"{}"), (20, b"x" * 1_000)], ids=["rows", "bytes"])
async def test_what_waits_for_kafka_is_bounded(lanes: Lanes, count: int, payload: bytes) -> None:
    publisher = lanes.lane(bulk=True)
    await publisher.send(rows(count - 1, payload=payload), START, soon())
    assert lanes.has_room(bulk=True)
    await publisher.send(rows(1, payload=payload), START, soon())
    assert not lanes.has_room(bulk=True)
    await delivered(lanes)
    assert lanes.has_room(bulk=True)


async def test_nothing_is_handed_over_after_the_lease(stage: Stage) -> None:
    publisher = Publisher(producer_config(stage.settings()), stage.settings())
    with pytest.raises(LeaseExpiredError):
        await publisher.send(rows(SLICE_ROWS), START, time.monotonic() - 1)
    publisher.close()
    assert await stage.records() == []


async def test_a_key_keeps_its_order_from_one_lane_to_the_other(stage: Stage, conn: asyncpg.Connection) -> None:
    async with stage.relaying(page_rows=20):
        total = 0
        for count in (1, 90, 3, 45, 2, 60, 1):
            await stage.append(conn, *(stage.event(f"k{n % 5}", topic=NAMES[n % 2]) for n in range(count)))
            total += count
            await stage.published_rows(conn, total)
    records = await stage.records(total)
    assert sorted(record.outbox_id for record in records) == list(range(1, total + 1))
    for at in {(record.topic, record.key) for record in records}:
        ids = [record.outbox_id for record in records if (record.topic, record.key) == at]
        assert ids == sorted(ids)


async def test_the_worker_can_read_what_the_bulk_lane_compressed(lanes: Lanes, stage: Stage) -> None:
    await lanes.lane(bulk=True).send(rows(90, payload=b"x" * 100, key="one"), START, soon())
    await delivered(lanes)
    topics = stage.topics.kafka_names.values()
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=stage.bootstrap, auto_offset_reset="earliest")
    async with asyncio.timeout(LONG), consumer:
        values = [(await consumer.getone()).value for _ in range(90)]
    assert values == [b"x" * 100] * 90
