"""The reconciler: what was never processed is told of again, now and then, and nothing else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from loyalty.clock import first_id_at, new_id, system_clock
from loyalty.services import dead_letters
from loyalty.services.awarding_events import award_events
from loyalty.services.earning import CONSUMER, award_transactions
from loyalty.services.incoming import Incoming
from loyalty.services.reconciling import DEFAULT_BOUNDS, LATE_COMMITS, Bounds, Reconciled, reconcile
from loyalty.services.redeeming import decide_redemptions
from loyalty.services.rulesets import Rulesets
from loyalty.store.database import Connection
from loyalty.store.dead_letters import NewDeadLetter
from loyalty.store.dead_letters import insert as insert_dead_letter
from loyalty.store.reconciliation import CUSTOM_EVENTS, try_to_lead
from schemas.events import EventRecorded, RewardRedeemed, TransactionRecorded
from tests.support.rows import (
    NOON,
    add_member,
    add_merchant,
    add_redemption,
    add_reward,
    add_rule,
    add_transaction,
    add_transactions,
    laurel_pool,
    recorded,
    redeemed,
)

BOUND = timedelta(minutes=10)


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[Connection]:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        yield conn


async def look(conn: Connection, after: timedelta = timedelta(hours=1), bounds: Bounds = DEFAULT_BOUNDS) -> Reconciled:
    """A look, made so long from now."""
    at = system_clock() + after
    async with conn.transaction():
        return await reconcile(conn, lambda: at, BOUND, bounds)


async def sent(conn: Connection, topic: str) -> list[UUID]:
    return [
        row["event_id"] for row in await conn.fetch("select event_id from outbox where topic = $1 order by id", topic)
    ]


async def test_a_lost_purchase_is_told_again_as_it_was_and_heals(conn: Connection) -> None:
    member_id, merchant_id = await add_member(conn), await add_merchant(conn)
    items = [{"sku": "1", "category": "dairy", "quantity": 2, "amount": "10.00"}]
    transaction_id = await add_transaction(conn, member_id, merchant_id, 1000, items=items)
    assert (await look(conn)).transactions == 1
    row = await conn.fetchrow("select event_id, key, payload from outbox")
    assert row is not None
    event = TransactionRecorded.model_validate_json(row["payload"])
    assert (row["event_id"], row["key"]) == (transaction_id, str(member_id))
    assert (event.transaction_id, event.amount, event.items[0].category) == (transaction_id, "10.00", "dairy")
    async with conn.transaction():
        await award_transactions(conn, [recorded(member_id, transaction_id)], system_clock, Rulesets())
    assert (await look(conn, timedelta(days=5))).transactions == 0


async def add_event(conn: Connection, member_id: UUID) -> UUID:
    """Something a member did, whose event was lost."""
    event_id = new_id()
    await conn.execute("insert into event_type (code, name, created_at) values ('walk.done', 'A walk', now())")
    await conn.execute(
        """insert into member_event (id, member_id, merchant_id, event_type, occurred_at, recorded_at, fields,
             content_hash) values ($1, $2, $3, 'walk.done', $4, $4, '{"km": 4.5}', '')""",
        event_id,
        member_id,
        await add_merchant(conn),
        NOON,
    )
    return event_id


async def test_a_lost_custom_event_is_told_again_as_it_was_and_heals(conn: Connection) -> None:
    member_id = await add_member(conn)
    event_id = await add_event(conn, member_id)
    walk = {"name": "Walks", "trigger": "event.recorded", "event_type": "walk.done"}
    await add_rule(conn, {**walk, "effect": {"type": "fixed", "points": 7}})
    assert await look(conn, timedelta(minutes=9)) == Reconciled(0, 0, False)
    assert (await look(conn)).custom_events == 1
    assert (await look(conn)).custom_events == 0
    payload = await conn.fetchval("select payload from outbox where topic = 'event.recorded'")
    event = EventRecorded.model_validate_json(payload)
    assert (event.event_id, event.member_id, event.fields) == (event_id, member_id, {"km": 4.5})
    for _ in range(2):
        async with conn.transaction():
            await award_events(conn, [Incoming(event_id, event)], system_clock, Rulesets())
    assert await conn.fetchval("select available from wallet where member_id = $1", member_id) == 7
    assert (await look(conn, timedelta(days=5))).custom_events == 0
    assert await CUSTOM_EVENTS.mark(conn) > event_id


async def test_an_undecided_redemption_is_told_again_and_heals(conn: Connection) -> None:
    member_id, reward_id = await add_member(conn), await add_reward(conn)
    redemption_id = await add_redemption(conn, member_id, reward_id)
    assert (await look(conn)).redemptions == 1
    payload = await conn.fetchval("select payload from outbox")
    assert RewardRedeemed.model_validate_json(payload) == redeemed(member_id, redemption_id, reward_id).body
    async with conn.transaction():
        await decide_redemptions(conn, [redeemed(member_id, redemption_id, reward_id)], system_clock)
    assert (await look(conn, timedelta(days=5))).redemptions == 0


async def test_what_is_young_is_left_alone(conn: Connection) -> None:
    await add_transaction(conn, await add_member(conn), await add_merchant(conn))
    assert await look(conn, after=timedelta(minutes=9)) == Reconciled(0, 0, False)


async def test_it_is_told_less_and_less_often(conn: Connection) -> None:
    await add_transaction(conn, await add_member(conn), await add_merchant(conn))
    told = [minutes for minutes in range(11, 200) if (await look(conn, timedelta(minutes=minutes))).transactions]
    assert told == [11, 31, 71, 151]


async def test_what_was_set_aside_is_left_to_the_operator(conn: Connection) -> None:
    member_id = await add_member(conn)
    transaction_id, letter_id = await add_transaction(conn, member_id, await add_merchant(conn)), new_id()
    letter = NewDeadLetter(
        CONSUMER, transaction_id, "transaction.recorded", 0, 0, str(member_id).encode(), {}, b"{}", "x", "x"
    )
    await insert_dead_letter(conn, letter_id, letter, system_clock())
    assert (await look(conn)).transactions == 0
    async with conn.transaction():
        await dead_letters.requeue(conn, letter_id, system_clock)
    assert (await look(conn)).transactions == 1


async def mark(conn: Connection) -> UUID:
    found = await conn.fetchval("select transaction_id from reconciled_up_to")
    assert isinstance(found, UUID)
    return found


async def test_the_mark_stops_before_what_is_missing_and_moves_on_when_it_is_healed(conn: Connection) -> None:
    member_id, merchant_id = await add_member(conn), await add_merchant(conn)
    ids = await add_transactions(conn, member_id, merchant_id, 9)
    done = [recorded(member_id, transaction_id) for transaction_id in ids if transaction_id != ids[4]]
    async with conn.transaction():
        await award_transactions(conn, done, system_clock, Rulesets())
    await look(conn)
    assert ids[3] <= await mark(conn) < ids[4]
    assert await sent(conn, "transaction.recorded") == [ids[4]]
    async with conn.transaction():
        await award_transactions(conn, [recorded(member_id, ids[4])], system_clock, Rulesets())
    await look(conn)
    assert await mark(conn) > ids[-1]


async def test_the_mark_waits_for_what_may_still_be_committed(conn: Connection) -> None:
    now = datetime.now(UTC)
    await look(conn, after=timedelta(0))
    assert await mark(conn) <= first_id_at(now + timedelta(seconds=5) - BOUND - LATE_COMMITS)
    late = await add_transaction(conn, await add_member(conn), await add_merchant(conn))
    assert (await look(conn, after=BOUND + LATE_COMMITS / 2)).transactions == 1
    assert await sent(conn, "transaction.recorded") == [late]


async def test_a_look_is_bounded_and_says_when_there_is_more(conn: Connection) -> None:
    member_id, merchant_id = await add_member(conn), await add_merchant(conn)
    ids = await add_transactions(conn, member_id, merchant_id, 14)
    async with conn.transaction():
        await award_transactions(
            conn, [recorded(member_id, transaction_id) for transaction_id in ids[:-1]], system_clock, Rulesets()
        )
    looks = [await look(conn, bounds=Bounds(page_rows=3, pages=2)) for _ in range(3)]
    assert [(done.more, done.transactions) for done in looks] == [(True, 0), (True, 0), (False, 1)]


async def test_a_look_reads_what_is_after_the_mark_by_its_index(conn: Connection) -> None:
    member_id, merchant_id = await add_member(conn), await add_merchant(conn)
    await add_transactions(conn, member_id, merchant_id, 3000)
    await conn.execute("analyze transaction")
    plan = await conn.fetch(
        "explain select id from transaction where id > $1 and id <= $2 order by id offset 4999 limit 1".replace(
            "$1", f"'{first_id_at(system_clock())}'"
        ).replace("$2", f"'{new_id()}'")
    )
    assert any("transaction_pkey" in row[0] for row in plan)


async def test_only_one_session_reconciles(database_url: str) -> None:
    async with laurel_pool(database_url) as pool:
        async with pool.acquire() as first, pool.acquire() as second:
            assert await try_to_lead(first)
            assert not await try_to_lead(second)
        async with pool.acquire() as third:
            assert await try_to_lead(third)
