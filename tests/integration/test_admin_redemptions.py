"""Redemptions through the Admin API: partners confirm or release, operators cancel, codes are uploaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from tests.support.admin_api import AdminApi, admin_api
from tests.support.points import Shop, broken_checks, redeem


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def reserved(api: AdminApi, reward_id: UUID, points: int = 10) -> str:
    async with api.pool.acquire() as conn:
        shop = await Shop.open(conn)
        shop.now = await conn.fetchval("select now()")
        member_id = await shop.member()
        await shop.buy(member_id, points)
        return str(await redeem(shop, member_id, reward_id))


async def test_the_rewards_partner_confirms_or_releases_and_nobody_elses(api: AdminApi) -> None:
    key, other = await api.add_merchant_key("redemptions:write"), await api.add_merchant_key("redemptions:write")
    offered = {"name": "Flight", "points_cost": 10, "confirm_seconds": 600, "partner_id": str(key.merchant_id)}
    reward = (await api.as_role("operator").post("/rewards", offered)).body
    first, second = await reserved(api, UUID(reward["reward_id"])), await reserved(api, UUID(reward["reward_id"]))
    path = f"/redemptions/{first}"
    assert (await api.client(other.secret).post(f"{path}/confirm", {})).status == 404
    assert (await api.as_role("viewer").post(f"{path}/confirm", {})).status == 403
    confirmed = await api.client(key.secret).post(f"{path}/confirm", {"voucher_code": "LH-42"})
    assert (confirmed.status, confirmed.body["status"], confirmed.body["voucher_code"]) == (200, "completed", "LH-42")
    again = await api.client(key.secret).post(f"{path}/confirm", {})
    assert (again.status, again.code) == (409, "redemption_not_reserved")
    taken = await api.client(key.secret).post(f"/redemptions/{second}/confirm", {"voucher_code": "LH-42"})
    assert (taken.status, taken.code) == (409, "voucher_code_taken")
    released = await api.client(key.secret).post(f"/redemptions/{second}/release", {"reason": "fully booked"})
    assert (released.status, released.body["status"], released.body["cancel_reason"]) == (
        200,
        "cancelled",
        "fully booked",
    )
    assert (await api.as_role("viewer").get(path)).body["voucher_code"] == "…H-42"
    actions = [entry["action"] for entry in await api.audited()]
    assert actions[-2:] == ["redemption.confirmed", "redemption.released"]
    async with api.pool.acquire() as conn:
        assert await broken_checks(conn) == {}


async def test_a_reservation_that_is_over_is_not_confirmed(api: AdminApi) -> None:
    reward = (
        await api.as_role("operator").post("/rewards", {"name": "X", "points_cost": 10, "confirm_seconds": 1})
    ).body
    redemption_id = await reserved(api, UUID(reward["reward_id"]))
    async with api.pool.acquire() as conn:
        await conn.execute("update redemption set reserved_until = now() - interval '1 second'")
    reply = await api.as_role("operator").post(f"/redemptions/{redemption_id}/confirm", {})
    assert (reply.status, reply.code) == (409, "reservation_over")


async def test_an_operator_cancels_and_it_is_audited(api: AdminApi) -> None:
    reward = (await api.as_role("operator").post("/rewards", {"name": "Mug", "points_cost": 10})).body
    path = f"/redemptions/{await reserved(api, UUID(reward['reward_id']))}/cancel"
    assert (await api.as_role("viewer").post(path, {"reason": "broken"})).status == 403
    assert (await api.as_role("operator").post(path, {})).pointers == ["/reason"]
    done = await api.as_role("operator").post(path, {"reason": "broken"})
    assert (done.status, done.body["status"], done.body["cancel_reason"]) == (200, "cancelled", "broken")
    entry = (await api.audited())[-1]
    assert (entry["action"], entry["before"]["status"], entry["after"]["status"]) == (
        "redemption.cancelled",
        "completed",
        "cancelled",
    )
    again = await api.as_role("operator").post(path, {"reason": "broken"})
    assert (again.status, again.code) == (409, "redemption_not_cancellable")


async def test_codes_are_uploaded_and_counted_but_never_shown(api: AdminApi) -> None:
    operator = api.as_role("operator")
    listed = (await operator.post("/rewards", {"name": "X", "points_cost": 10, "voucher_source": "uploaded"})).body
    made = (await operator.post("/rewards", {"name": "Y", "points_cost": 10})).body
    path = f"/rewards/{listed['reward_id']}/vouchers"
    reply = await operator.post(path, {"codes": ["A", "B", "A"]})
    assert (reply.status, reply.body["added"], reply.body["known"]) == (200, 2, 1)
    assert (await operator.post(path, {"codes": ["B", "C"]})).body["codes"] == 3
    assert (await api.as_role("viewer").get(path)).body["free"] == 3
    refused = await operator.post(f"/rewards/{made['reward_id']}/vouchers", {"codes": ["A"]})
    assert (refused.status, refused.code) == (409, "codes_generated")
    wrong: list[Any] = [[], ["a b"], [""], ["x" * 101], [1]]
    for codes in wrong:
        assert (await operator.post(path, {"codes": codes})).status == 422


async def test_a_reward_whose_terms_contradict_each_other_is_refused(api: AdminApi) -> None:
    operator, base = api.as_role("operator"), {"name": "X", "points_cost": 10}
    wrong: list[dict[str, Any]] = [
        {"partner_id": str(api.admins["admin"])},
        {"partner_id": str(api.admins["admin"]), "confirm_seconds": 60},
        {"confirm_seconds": 60, "voucher_source": "uploaded"},
        {"confirm_seconds": 0},
        {"limit_period": "decade"},
    ]
    for terms in wrong:
        assert (await operator.post("/rewards", base | terms)).status == 422
    reward = (await operator.post("/rewards", base)).body
    reply = await operator.patch(
        f"/rewards/{reward['reward_id']}", {"confirm_seconds": 60, "voucher_source": "uploaded"}
    )
    assert (reply.status, reply.pointers) == (422, ["/voucher_source"])
