"""Records on our topics that we did not write: each becomes a dead letter, and what comes behind it is processed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Producer

from cli.journey.client import ApiClient
from loyalty.store.database import Pool
from tests.support.people import decided, new_members, new_merchant, new_reward
from tests.support.system import PARTITIONS, System

pytestmark = pytest.mark.timeout(120)

Eventually = Callable[..., Awaitable[Any]]

STRANGERS = {
    "nothing": b"",
    "no JSON": b"{",
    "another's JSON": b'{"hello": "world"}',
    "a list": b"[]",
    "no UTF-8": b"\xff\xfe\x00",
    "a huge number": b'{"schema_version": 1, "member_id": 1' + b"0" * 400 + b"}",
    "another version": b'{"schema_version": 99, "member_id": "%s"}' % str(uuid4()).encode(),
}


@pytest.mark.parametrize("topic", ["transaction.recorded", "reward.redeemed"])
async def test_a_stranger_becomes_a_dead_letter_and_the_next_record_is_processed(
    topic: str, system: System, client: ApiClient, database: Pool, eventually: Eventually
) -> None:
    [member] = await new_members(database, 1, points=100)
    before = await _dead_letters(database, topic)
    _put_everywhere(system, topic)
    await _next_is_processed(topic, member, client, database, eventually)
    count = len(STRANGERS) * int(PARTITIONS)
    await eventually(partial(_has_dead_letters, database, topic, before + count), 30)


def _put_everywhere(system: System, topic: str) -> None:
    """Every stranger into every partition, so that whatever comes next comes behind all of them."""
    producer = Producer({"bootstrap.servers": system.environment["LAUREL_KAFKA_BOOTSTRAP"]})
    for partition in range(int(PARTITIONS)):
        for value in STRANGERS.values():
            producer.produce(system.topic_prefix + topic, value, key=b"\x00stranger", partition=partition)
    assert producer.flush(20) == 0


async def _next_is_processed(
    topic: str, member: UUID, client: ApiClient, database: Pool, eventually: Eventually
) -> None:
    if topic == "reward.redeemed":
        reward = await new_reward(database, points_cost=100)
        await client.post(member, "/api/customer/redeem", {"reward_id": str(reward)}, str(uuid4()))
        await eventually(partial(decided, database, reward, 1), 30)
        return
    purchase = {"amount": "10.00", "currency": "USD", "merchant_id": str(await new_merchant(database))}
    answer = await client.post(member, "/api/customer/transaction", purchase, str(uuid4()))
    path = f"/api/customer/transactions/{answer.body['transaction_id']}"

    async def awarded() -> bool:
        return bool((await client.get(member, path)).body["status"] == "awarded")

    await eventually(awarded, 30)


async def _dead_letters(database: Pool, topic: str) -> int:
    async with database.acquire() as conn:
        found: int = await conn.fetchval("select count(*) from dead_letter where topic like '%' || $1", topic)
    return found


async def _has_dead_letters(database: Pool, topic: str, count: int) -> bool:
    return await _dead_letters(database, topic) == count
