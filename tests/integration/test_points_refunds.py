"""Refunds: recorded once, never for more than was paid, taking back what was given, as far as the policy goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty.domain.refund import RefundExceedsPurchase
from loyalty.errors import NotFound
from loyalty.services.incoming import Handled, Incoming
from loyalty.services.redeeming import decide_redemptions
from loyalty.services.refunding import record_refund
from loyalty.services.reversing import CONSUMER, reverse_refunds, tell_again
from loyalty.store.database import Connection, Pool
from schemas.admin.refunds import NewRefund
from schemas.events import TransactionRefunded
from tests.support.admin_api import AdminApi, admin_api
from tests.support.points import Shop, balances, broken_checks, events_of, merchant, refund, set_policy, take_back
from tests.support.rows import NOON, add_redemption, add_reward, add_transaction, laurel_pool, recorded, redeemed


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def spend(shop: Shop, member_id: UUID, points: int) -> None:
    reward_id = await add_reward(shop.conn, points)
    redemption_id = await add_redemption(shop.conn, member_id, reward_id, points)
    async with shop.conn.transaction():
        await decide_redemptions(shop.conn, [redeemed(member_id, redemption_id, reward_id, points)], shop.clock)


async def test_a_refund_takes_back_in_proportion_and_the_last_one_the_rest(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id = await shop.member()
    transaction_id = await shop.buy(member_id, 100)
    left = []
    for amount in ("33.33", "33.33", "33.34"):
        await take_back(shop, await refund(shop, transaction_id, amount))
        left.append((await balances(conn, member_id)).get("available", 0))
    assert left == [67, 34, 0]
    reversals = await events_of(conn, "points.reversed")
    assert [event["points"] for event in reversals] == [33, 33, 34]
    assert await conn.fetchval("select lifetime_earned from wallet") == 0
    assert await broken_checks(conn) == {}


async def test_items_take_back_what_they_earned(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id = await shop.member()
    items = [
        {"sku": "tea", "category": None, "quantity": 3, "amount": "10.00"},
        {"sku": "mug", "category": None, "quantity": 1, "amount": "20.00"},
    ]
    transaction_id = await add_transaction(conn, member_id, shop.merchant_id, 3_000, items=items)
    await shop.award_event(recorded(member_id, transaction_id, "30.00", merchant_id=shop.merchant_id, items=items))
    for items_back in ([{"sku": "tea", "quantity": 1}], [{"sku": "mug"}], [{"sku": "tea"}]):
        await take_back(shop, await refund(shop, transaction_id, None, items=items_back))
    assert [event["points"] for event in await events_of(conn, "points.reversed")] == [3, 20, 7]
    amounts = [event["amount"] for event in await events_of(conn, "transaction.refunded")]
    assert amounts == ["3.33", "20.00", "6.67"]
    assert await broken_checks(conn) == {}


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("only_pending", {"available": 20}),
        ("within_balance", {}),
        ("unlimited", {"owed": 80}),
    ],
)
async def test_the_policy_says_how_far_a_refund_goes(conn: Connection, policy: str, left: dict[str, int]) -> None:
    shop = await Shop.open(conn, refund_policy=policy)
    member_id = await shop.member()
    transaction_id = await shop.buy(member_id, 100)
    await spend(shop, member_id, 80)
    await take_back(shop, await refund(shop, transaction_id, 100))
    assert await balances(conn, member_id) == left
    assert await broken_checks(conn) == {}


async def test_what_is_owed_is_paid_by_whatever_comes_in(conn: Connection) -> None:
    shop = await Shop.open(conn, refund_policy="unlimited", pending_days=1)
    member_id = await shop.member()
    transaction_id = await shop.buy(member_id, 100)
    await shop.pass_time(days=1)
    await spend(shop, member_id, 100)
    await take_back(shop, await refund(shop, transaction_id, 100))
    assert await balances(conn, member_id) == {"owed": 100}
    await shop.buy(member_id, 70)
    assert await balances(conn, member_id) == {"owed": 100, "pending": 70}
    await shop.pass_time(days=1)
    assert await balances(conn, member_id) == {"owed": 30}
    await set_policy(conn, refund_policy="unlimited")
    second = await shop.buy(member_id, 50)
    assert await balances(conn, member_id) == {"available": 20}
    await take_back(shop, await refund(shop, second, 50))
    assert await balances(conn, member_id) == {"owed": 30}
    assert await broken_checks(conn) == {}


async def test_pending_points_go_first_and_other_purchases_pending_points_never(conn: Connection) -> None:
    shop = await Shop.open(conn, refund_policy="only_pending", pending_days=10)
    member_id = await shop.member()
    first, _ = await shop.buy(member_id, 40), await shop.buy(member_id, 60)
    await take_back(shop, await refund(shop, first, 10))
    assert await balances(conn, member_id) == {"pending": 90}
    await shop.pass_time(days=10)
    assert await balances(conn, member_id) == {"available": 90}
    await take_back(shop, await refund(shop, first, 30))
    assert await balances(conn, member_id) == {"available": 90}
    assert await broken_checks(conn) == {}


async def test_points_that_expired_unspent_are_not_taken_from_others(conn: Connection) -> None:
    shop = await Shop.open(conn, refund_policy="unlimited", expiry={"mode": "months", "months": 1})
    member_id = await shop.member()
    old = await shop.buy(member_id, 100)
    await spend(shop, member_id, 40)
    await shop.pass_time(days=40)
    await shop.buy(member_id, 500)
    await take_back(shop, await refund(shop, old, 50))
    assert await balances(conn, member_id) == {"available": 500}
    await take_back(shop, await refund(shop, old, 50))
    assert await balances(conn, member_id) == {"available": 460}
    lapsed = await conn.fetch("select points_due, points_reversed, points_lapsed from refund order by seq")
    assert [tuple(row) for row in lapsed] == [(50, 0, 50), (50, 40, 10)]
    assert await broken_checks(conn) == {}


async def test_to_earn_and_refund_again_and_again_gains_nothing(conn: Connection) -> None:
    shop = await Shop.open(conn, refund_policy="within_balance")
    member_id = await shop.member()
    for _ in range(5):
        transaction_id = await shop.buy(member_id, 100)
        await take_back(shop, await refund(shop, transaction_id, 40), await refund(shop, transaction_id, 60))
    row = await conn.fetchrow("select available, lifetime_earned from wallet")
    assert row is not None
    assert tuple(row) == (0, 0)


async def test_a_refund_before_its_purchase_was_processed_waits_for_it(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id = await shop.member()
    transaction_id = await shop.record(member_id, 100)
    refund_id = await refund(shop, transaction_id, 40)
    assert await take_back(shop, refund_id) == Handled(0, frozenset())
    await shop.award(member_id, transaction_id, 100)
    assert await balances(conn, member_id) == {"available": 100}
    assert not (await tell(shop)).changed_members
    shop.now += timedelta(seconds=2)
    assert (await tell(shop)).changed_members == {member_id}
    assert len(await events_of(conn, "transaction.refunded")) == 2
    await take_back(shop, refund_id)
    assert await balances(conn, member_id) == {"available": 60}
    shop.now += timedelta(days=1)
    assert not (await tell(shop)).changed_members


async def tell(shop: Shop) -> Any:
    async with shop.conn.transaction():
        return await tell_again(shop.conn, shop.clock)


async def test_a_redelivered_refund_has_no_effect(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id = await shop.member()
    refund_id = await refund(shop, await shop.buy(member_id, 100), 30)
    assert (await take_back(shop, refund_id)).fresh_events == 1
    assert (await take_back(shop, refund_id)).fresh_events == 0
    await conn.execute("delete from inbox where consumer = $1", CONSUMER)
    assert (await take_back(shop, refund_id)).fresh_events == 0
    assert await balances(conn, member_id) == {"available": 70}


async def test_the_order_in_which_refunds_are_handled_does_not_matter(conn: Connection) -> None:
    shop = await Shop.open(conn)
    member_id = await shop.member()
    transaction_id = await shop.buy(member_id, 10)
    refund_ids = [await refund(shop, transaction_id, "3.33") for _ in range(3)]
    for refund_id in reversed(refund_ids):
        await take_back(shop, refund_id)
    dues = [row["points_due"] for row in await conn.fetch("select points_due from refund order by seq")]
    assert dues == [3, 3, 3]
    await take_back(shop, await refund(shop, transaction_id, "0.01"))
    assert await balances(conn, member_id) == {}


async def test_refunds_of_one_purchase_at_once_never_exceed_it(pool: Pool) -> None:
    async with pool.acquire() as conn:
        shop = await Shop.open(conn)
        member_id = await shop.member()
        transaction_id = await shop.buy(member_id, 100)

    async def one() -> UUID | None:
        async with pool.acquire() as conn, conn.transaction():
            command = NewRefund(amount="30.00", reason="came back")
            try:
                done = await record_refund(conn, transaction_id, command, merchant(shop.merchant_id), shop.clock)
            except RefundExceedsPurchase:
                return None
        return done.refund.refund_id

    refund_ids = [found for found in await asyncio.gather(*(one() for _ in range(12))) if found]
    assert len(refund_ids) == 3

    async def take(refund_id: UUID) -> None:
        async with pool.acquire() as conn, conn.transaction():
            body = TransactionRefunded(
                member_id=member_id, refund_id=refund_id, transaction_id=transaction_id,
                merchant_id=shop.merchant_id, amount="30.00", currency="GBP", reason="x", refunded_at=NOON,
            )  # fmt: skip
            await reverse_refunds(conn, [Incoming(refund_id, body)] * 2, shop.clock)

    await asyncio.gather(*(take(refund_id) for refund_id in refund_ids * 2))
    async with pool.acquire() as conn:
        assert await balances(conn, member_id) == {"available": 10}
        assert await broken_checks(conn) == {}


async def test_the_number_of_statements_does_not_depend_on_the_batch(conn: Connection) -> None:
    shop = await Shop.open(conn)

    async def statements(count: int) -> int:
        refund_ids = [await refund(shop, await shop.buy(await shop.member(), 10), 5) for _ in range(count)]
        seen: list[str] = []
        with conn.query_logger(lambda record: seen.append(record.query)):
            assert (await take_back(shop, *refund_ids)).fresh_events == count
        return len(seen)

    await statements(1), await statements(30)  # the driver asks for the types of arrays when it meets them first
    few = await statements(1)
    assert few == await statements(30)
    assert few <= 16


async def test_a_refund_cannot_be_changed_once_it_took_points_back(conn: Connection) -> None:
    shop = await Shop.open(conn)
    await take_back(shop, await refund(shop, await shop.buy(await shop.member(), 10), 5))
    for statement in ("update refund set points_due = 9", "update refund set amount_minor = 1", "delete from refund"):
        with pytest.raises(Exception, match="its rows are a record"):
            await conn.execute(statement)


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def bought(api: AdminApi, merchant_id: UUID, points: int = 100) -> str:
    async with api.pool.acquire() as conn:
        shop = await Shop.open(conn)
        shop.merchant_id = merchant_id
        return str(await shop.buy(await shop.member(), points))


async def test_a_merchant_refunds_its_own_purchases_only(api: AdminApi) -> None:
    key, other = await api.add_merchant_key("refunds:write"), await api.add_merchant_key("refunds:write")
    seller = await api.add_merchant_key("transactions:write")
    path = f"/transactions/{await bought(api, key.merchant_id)}/refunds"
    asked = {"amount": "40.00", "reason": "broken", "external_id": "r-1"}
    assert (await api.client(other.secret).post(path, asked)).status == 404
    assert (await api.client(seller.secret).post(path, asked)).status == 403
    assert (await api.as_role("viewer").post(path, asked)).status == 403
    first = await api.client(key.secret).post(path, asked)
    assert (first.status, first.body["amount"], first.body["points_due"]) == (201, "40.00", None)
    again = await api.client(key.secret).post(path, asked)
    assert (again.status, again.body) == (200, first.body)
    reused = await api.client(key.secret).post(path, {**asked, "amount": "41.00"})
    assert (reused.status, reused.code) == (409, "external_id_reused")
    over = await api.as_role("operator").post(path, {"amount": "60.01", "reason": "broken"})
    assert (over.status, over.code, over.body["refundable"]) == (409, "refund_exceeds_purchase", "60.00")
    rest = await api.as_role("operator").post(path, {"amount": "60.00", "reason": "the rest"})
    assert rest.status == 201
    listed = (await api.as_role("viewer").get(path)).body["data"]
    assert [entry["amount"] for entry in listed] == ["40.00", "60.00"]
    transaction = (await api.as_role("viewer").get(path.removesuffix("/refunds"))).body
    assert (transaction["status"], transaction["refunded_amount"]) == ("refunded", "100.00")
    audited = [entry["action"] for entry in await api.audited() if entry["action"] == "transaction.refunded"]
    assert len(audited) == 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "x"}, ""),
        ({"amount": "1.00", "items": [{"sku": "tea"}], "reason": "x"}, ""),
        ({"amount": "0.00", "reason": "x"}, "/amount"),
        ({"amount": "1.001", "reason": "x"}, "/amount"),
        ({"amount": "1.00"}, "/reason"),
        ({"items": [], "reason": "x"}, "/items"),
        ({"items": [{"sku": "nothing"}], "reason": "x"}, "/items/0"),
    ],
)
async def test_a_refund_that_makes_no_sense_is_refused(api: AdminApi, body: dict[str, Any], pointer: str) -> None:
    key = await api.add_merchant_key("refunds:write")
    path = f"/transactions/{await bought(api, key.merchant_id)}/refunds"
    before = await api.count_rows()
    reply = await api.client(key.secret).post(path, body)
    assert (reply.status, reply.pointers) == (422, [pointer])
    assert await api.count_rows() == before


async def test_a_purchase_that_is_not_there_is_not_refunded(conn: Connection) -> None:
    shop = await Shop.open(conn)
    with pytest.raises(NotFound):
        await refund(shop, shop.merchant_id, 1)
