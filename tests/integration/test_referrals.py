"""Referrals: a friend joins by a code and buys, and both are rewarded by rules, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty.errors import Invalid
from loyalty.services.awarding_events import award_events
from loyalty.services.incoming import Incoming
from loyalty.services.referring import settle_referrals
from loyalty.services.registering import RegisterMember, register_member
from loyalty.services.revoking import revoke_referrals
from loyalty.services.verifying_rules import verify_rules
from loyalty.store import referrals as store
from loyalty.store.database import Connection, Pool
from schemas.admin.referrals import ReferralFilter, ReferralTerms
from schemas.customer import Profile
from schemas.events import EventRecorded
from tests.support.admin_api import AdminApi, admin_api
from tests.support.points import Shop, broken_checks, events_of, redeem, refund, set_policy, take_back
from tests.support.rows import add_reward, add_rule, laurel_pool


def rule(side: str, points: int, *conditions: dict[str, Any], **limits: Any) -> dict[str, Any]:
    return {
        "name": f"For the {side}",
        "trigger": "event.recorded",
        "event_type": f"referral.{side}",
        "effect": {"type": "fixed", "points": points},
        "conditions": list(conditions),
        "limits": limits,
    }


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def shop(pool: Pool) -> AsyncIterator[Shop]:
    async with pool.acquire() as conn:
        await add_rule(conn, rule("referrer", 500))
        await add_rule(conn, rule("referred", 200))
        yield await Shop.open(conn)


async def join(shop: Shop, code: str | None = None) -> Profile:
    async with shop.conn.transaction():
        return await register_member(shop.conn, RegisterMember(referral_code=code), shop.clock)


async def set_terms(shop: Shop, minimum_amount_minor: int = 0, **terms: Any) -> None:
    await store.save_terms(shop.conn, ReferralTerms(**terms), minimum_amount_minor)


async def settle(shop: Shop, conn: Connection | None = None) -> None:
    used = conn or shop.conn
    async with used.transaction():
        await settle_referrals(used, shop.clock)


async def award(shop: Shop) -> None:
    """The worker gets every event that was recorded, again and again."""
    bodies = [EventRecorded.model_validate(body) for body in await events_of(shop.conn, "event.recorded")]
    async with shop.conn.transaction():
        events = [Incoming(body.event_id, body) for body in bodies]
        await award_events(shop.conn, events, shop.clock, shop.rulesets)


async def settle_and_award(shop: Shop) -> None:
    await settle(shop)
    await award(shop)


async def available(shop: Shop, member: Profile) -> int:
    points = await shop.conn.fetchval("select available from wallet where member_id = $1", member.member_id)
    assert isinstance(points, int)
    return points


async def status(shop: Shop, friend: Profile) -> str:
    [referral] = await store.list_referrals(shop.conn, ReferralFilter(referred_id=friend.member_id), None, 2)
    return referral.status


async def test_the_first_purchase_of_a_friend_rewards_both_once(shop: Shop) -> None:
    ada = await join(shop)
    friend = await join(shop, ada.referral_code)
    await settle_and_award(shop)
    assert await status(shop, friend) == "open"
    for _ in range(3):
        await shop.buy(friend.member_id, 10)
        await settle_and_award(shop)
    assert (await available(shop, ada), await available(shop, friend)) == (500, 230)
    assert await status(shop, friend) == "completed"
    receipts = await shop.conn.fetch("select receipt from event_award order by points desc")
    assert [one["receipt"]["rules"][0]["name"] for one in receipts] == ["For the referrer", "For the referred"]
    assert str(friend.member_id) not in str(receipts[0])
    found = [found async for found in verify_rules(shop.conn)][-1]
    assert found.differences == 0
    assert await broken_checks(shop.conn) == {}


async def test_it_takes_as_many_purchases_of_as_much_as_the_terms_say(shop: Shop) -> None:
    await set_terms(shop, 2_000, purchases=2)
    ada = await join(shop)
    friend = await join(shop, ada.referral_code)
    for points, reached in ((20, "open"), (19, "open"), (20, "completed")):
        await shop.buy(friend.member_id, points)
        await settle(shop)
        assert await status(shop, friend) == reached
    completing = "select t.amount_minor from referral join transaction t on t.id = transaction_id"
    assert await shop.conn.fetchval(completing) == 2_000


async def test_a_purchase_that_is_refunded_meanwhile_completes_nothing(shop: Shop) -> None:
    await set_terms(shop, 1_000, wait_days=14)
    ada = await join(shop)
    kept, returned = [await join(shop, ada.referral_code) for _ in range(2)]
    await shop.buy(kept.member_id, 10)
    await refund(shop, await shop.buy(returned.member_id, 10), "0.01")
    await settle(shop)
    assert await status(shop, kept) == "open"
    shop.now += timedelta(days=14)
    await settle(shop)
    assert (await status(shop, kept), await status(shop, returned)) == ("completed", "open")


async def revoke(shop: Shop, conn: Connection | None = None) -> None:
    used = conn or shop.conn
    async with used.transaction():
        await revoke_referrals(used, shop.clock)


async def test_a_refund_after_the_settling_takes_both_awards_back_once(shop: Shop) -> None:
    ada = await join(shop)
    friend = await join(shop, ada.referral_code)
    purchase = await shop.buy(friend.member_id, 10)
    await settle(shop)
    await take_back(shop, await refund(shop, purchase, "10.00"))
    await revoke(shop)
    assert await status(shop, friend) == "completed", "the awards are not there yet"
    await award(shop)
    for _ in range(2):
        await revoke(shop)
    assert await status(shop, friend) == "revoked"
    assert (await available(shop, ada), await available(shop, friend)) == (0, 0)
    told = await events_of(shop.conn, "event.reversed")
    assert sorted((one["event_type"], one["points"], one["points_due"]) for one in told) == [
        ("referral.referred", 200, 200),
        ("referral.referrer", 500, 500),
    ]
    await award(shop)
    assert await broken_checks(shop.conn) == {}
    assert [found async for found in verify_rules(shop.conn)][-1].differences == 0


async def test_what_is_left_of_a_purchase_still_completes_its_referral(shop: Shop) -> None:
    await set_terms(shop, 800)
    ada = await join(shop)
    friend = await join(shop, ada.referral_code)
    purchase = await shop.buy(friend.member_id, 10)
    await settle_and_award(shop)
    await set_terms(shop, 100_000)
    await take_back(shop, await refund(shop, purchase, "2.00"))
    await revoke(shop)
    assert await status(shop, friend) == "completed"
    await take_back(shop, await refund(shop, purchase, "0.01"))
    await revoke(shop)
    assert (await status(shop, friend), await available(shop, ada)) == ("revoked", 0)


@pytest.mark.parametrize(
    ("policy", "left", "owed"), [("only_pending", 300, 0), ("within_balance", 0, 0), ("unlimited", 0, 200)]
)
async def test_the_refund_policy_says_how_far_it_goes(shop: Shop, policy: str, left: int, owed: int) -> None:
    """Ada has spent 200 of the 500."""
    await set_policy(shop.conn, refund_policy=policy)
    ada = await join(shop)
    friend = await join(shop, ada.referral_code)
    purchase = await shop.buy(friend.member_id, 10)
    await settle_and_award(shop)
    await redeem(shop, ada.member_id, await add_reward(shop.conn, 200))
    await take_back(shop, await refund(shop, purchase, "10.00"))
    await revoke(shop)
    wallet = await shop.conn.fetchrow("select available, owed from wallet where member_id = $1", ada.member_id)
    assert tuple(wallet) == (left, owed)
    assert await status(shop, friend) == "revoked"
    assert await broken_checks(shop.conn) == {}


async def test_a_referral_that_was_taken_back_uses_nothing_up(shop: Shop) -> None:
    """A limit of one friend, and of 500 points from them: the next friend counts in full."""
    await shop.conn.execute("update earning_rule set status = 'retired', active_version = null")
    await add_rule(shop.conn, rule("referrer", 500, points_per_member={"points": 500, "period": "ever"}))
    await set_terms(shop, limit_per_referrer=1)
    ada = await join(shop)
    for _ in range(2):
        friend = await join(shop, ada.referral_code)
        purchase = await shop.buy(friend.member_id, 10)
        await settle_and_award(shop)
        assert await available(shop, ada) == 500
        await take_back(shop, await refund(shop, purchase, "10.00"))
        await revoke(shop)
        assert await available(shop, ada) == 0
    assert [found async for found in verify_rules(shop.conn)][-1].differences == 0
    assert await broken_checks(shop.conn) == {}


@pytest.mark.parametrize(
    "vandalism",
    [
        "delete from event_reversal",
        "update event_reversal set points_reversed = points_reversed - 1, points_lapsed = 1",
        "update event_reversal set entry_id = (select min(id) from journal_entry)",
        "update event_reversal set points_due = points_due + 1",
    ],
)
async def test_what_is_done_to_the_rows_of_what_was_taken_back_is_found(shop: Shop, vandalism: str) -> None:
    ada = await join(shop)
    purchase = await shop.buy((await join(shop, ada.referral_code)).member_id, 10)
    await settle_and_award(shop)
    await take_back(shop, await refund(shop, purchase, "10.00"))
    await revoke(shop)
    await shop.conn.execute("set session_replication_role = replica")
    await shop.conn.execute(vandalism)
    assert "refunds" in await broken_checks(shop.conn)


async def test_two_leaders_at_once_revoke_a_referral_once(shop: Shop, pool: Pool) -> None:
    ada = await join(shop)
    bought = [await shop.buy((await join(shop, ada.referral_code)).member_id, 10) for _ in range(4)]
    await settle_and_award(shop)
    for purchase in bought:
        await take_back(shop, await refund(shop, purchase, "10.00"))
    async with AsyncExitStack() as stack:
        leaders = [await stack.enter_async_context(pool.acquire()) for _ in range(3)]
        await asyncio.gather(*(revoke(shop, leader) for leader in leaders))
    assert await available(shop, ada) == 0
    assert await shop.conn.fetchval("select count(*) from event_reversal") == 8
    assert len(await events_of(shop.conn, "event.reversed")) == 8
    assert await broken_checks(shop.conn) == {}


async def test_a_referral_lapses(shop: Shop) -> None:
    await set_terms(shop, within_days=30)
    ada = await join(shop)
    late, early = [await join(shop, ada.referral_code) for _ in range(2)]
    await shop.buy(early.member_id, 10, at=shop.now + timedelta(days=29))
    await shop.buy(late.member_id, 10, at=shop.now + timedelta(days=30))
    await shop.buy(late.member_id, 10, at=shop.now - timedelta(days=1))
    shop.now += timedelta(days=31)
    await settle_and_award(shop)
    assert (await status(shop, early), await status(shop, late)) == ("completed", "lapsed")
    assert await available(shop, ada) == 500


async def test_a_member_is_rewarded_for_as_many_friends_as_the_terms_allow(shop: Shop) -> None:
    await set_terms(shop, limit_per_referrer=2, limit_period="month")
    ada = await join(shop)
    for month, rewarded in ((1, 1_000), (2, 2_000)):
        friends = [await join(shop, ada.referral_code) for _ in range(3)]
        for friend in friends:
            await shop.buy(friend.member_id, 10)
        await settle_and_award(shop)
        outcomes = sorted([await status(shop, friend) for friend in friends])
        assert outcomes == ["completed", "completed", "over_limit"], month
        assert await available(shop, ada) == rewarded
        shop.now += timedelta(days=31)
    friends_told = await shop.conn.fetch(
        "select fields -> 'friends' as n from member_event where event_type = 'referral.referrer' order by id"
    )
    assert [row["n"] for row in friends_told] == [1, 2, 3, 4]


@pytest.mark.parametrize("who", ["referrer", "referred"])
async def test_both_must_be_active(shop: Shop, who: str) -> None:
    ada = await join(shop)
    friend = await join(shop, ada.referral_code)
    await shop.buy(friend.member_id, 10)
    away = ada if who == "referrer" else friend
    await shop.conn.execute("update member set status = 'suspended' where id = $1", away.member_id)
    await settle(shop)
    assert await status(shop, friend) == "open"
    await shop.conn.execute("update member set status = 'active' where id = $1", away.member_id)
    await settle(shop)
    assert await status(shop, friend) == "completed"


async def test_a_code_must_be_another_active_members(shop: Shop) -> None:
    ada = await join(shop)
    assert ada.referral_code is not None
    await join(shop, f" {ada.referral_code.lower()}")
    with pytest.raises(Invalid):
        await join(shop, "NOBODYS")
    await shop.conn.execute("update member set status = 'suspended' where id = $1", ada.member_id)
    with pytest.raises(Invalid):
        await join(shop, ada.referral_code)
    assert await shop.conn.fetchval("select count(*) from member") == 2


async def test_two_leaders_at_once_settle_a_referral_once(shop: Shop, pool: Pool) -> None:
    ada = await join(shop)
    for _ in range(5):
        await shop.buy((await join(shop, ada.referral_code)).member_id, 10)
    async with AsyncExitStack() as stack:
        leaders = [await stack.enter_async_context(pool.acquire()) for _ in range(3)]
        await asyncio.gather(*(settle(shop, leader) for leader in leaders))
    await award(shop)
    assert await available(shop, ada) == 2_500
    assert await shop.conn.fetchval("select count(*) from member_event") == 10


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def test_an_administrator_sees_who_brought_whom_and_sets_the_terms(api: AdminApi, shop: Shop) -> None:
    ada = await join(shop)
    friend = await join(shop, ada.referral_code)
    viewer = api.as_role("viewer")
    [listed] = (await viewer.get("/referrals", referrer_id=str(ada.member_id))).body["data"]
    assert (UUID(listed["referred_id"]), listed["status"]) == (friend.member_id, "open")
    assert (await viewer.get("/referrals", status="completed")).body["data"] == []
    terms = {"purchases": 2, "minimum_amount": "20.00", "within_days": 60, "wait_days": 7}
    whole = {**terms, "limit_per_referrer": 5, "limit_period": "month"}
    for _ in range(2):
        assert (await api.admin.put("/referrals/terms", whole)).body == whole
    assert (await viewer.get("/referrals/terms")).body == whole
    [entry] = await api.audited()
    assert (entry["action"], entry["after"]["purchases"]) == ("referral_terms.replaced", 2)
    assert (await viewer.put("/referrals/terms", whole)).status == 403
    assert (await api.admin.put("/referrals/terms", {"minimum_amount": "1.001"})).pointers == ["/minimum_amount"]
    assert (await api.admin.put("/referrals/terms", {"purchases": 0})).pointers == ["/purchases"]


async def test_merchants_do_not_record_what_laurel_does(api: AdminApi, shop: Shop) -> None:
    ada = await join(shop)
    till = api.client((await api.add_merchant_key("events:write")).secret)
    made_up = {
        "event_type": "referral.referrer",
        "member_id": str(ada.member_id),
        "fields": {"amount": 1, "friends": 1},
    }
    refused = await till.post("/events", made_up)
    assert (refused.status, refused.pointers) == (422, ["/event_type"])
