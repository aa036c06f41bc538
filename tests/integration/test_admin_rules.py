"""Earning rules through the Admin API: versions that never change, activations in order, simulation before both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from loyalty.clock import system_clock
from loyalty.services.earning import award_transactions
from loyalty.services.incoming import Incoming
from loyalty.services.rulesets import Rulesets
from schemas.events import TransactionRecorded
from tests.support.admin_api import AdminApi, admin_api

BASE: dict[str, Any] = {"name": "Base", "effect": {"type": "points_per_amount", "points": "1", "per": "1"}}
DOUBLE: dict[str, Any] = {"name": "Double", "effect": {"type": "multiplier", "factor": "2"}}


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def draft(api: AdminApi, definition: dict[str, Any]) -> str:
    reply = await api.admin.post("/earning-rules", definition)
    assert reply.status == 201, reply.body
    rule_id: str = reply.body["rule_id"]
    return rule_id


async def ruleset_version(api: AdminApi) -> int:
    version: int = (await api.admin.get("/program")).body["ruleset_version"]
    return version


async def test_a_rule_is_drafted_versioned_activated_and_retired(api: AdminApi) -> None:
    started_at = await ruleset_version(api)
    rule_id = await draft(api, BASE)
    path = f"/earning-rules/{rule_id}"
    assert await ruleset_version(api) == started_at
    second = await api.admin.post(f"{path}/versions", {**BASE, "name": "Base, better"})
    assert (second.status, second.body["latest_version"], second.body["status"]) == (201, 2, "draft")

    active = await api.admin.post(f"{path}/activate", {"version": 1})
    assert (active.body["status"], active.body["active_version"], active.body["name"]) == ("active", 1, "Base")
    assert (await api.admin.post(f"{path}/activate")).body["active_version"] == 2
    retired = await api.admin.post(f"{path}/retire")
    assert (retired.body["status"], retired.body["active_version"]) == ("retired", None)
    assert await ruleset_version(api) == started_at + 3

    events = [event["payload"] for event in await api.events("rule.activated")]
    assert [(e["status"], e["version"], e["ruleset_version"]) for e in events] == [
        ("active", 1, started_at + 1),
        ("active", 2, started_at + 2),
        ("retired", None, started_at + 3),
    ]
    assert {event["key"] for event in await api.events("rule.activated")} == {rule_id}
    shown = (await api.as_role("viewer").get(path)).body
    assert [version["version"] for version in shown["versions"]] == [2, 1]
    assert shown["versions"][1]["definition"]["effect"] == BASE["effect"]
    assert shown["versions"][1]["created_by"] == str(api.admins["admin"])
    assert [entry["action"] for entry in await api.audited()] == [
        "earning_rule.created",
        "earning_rule.version_added",
        "earning_rule.activated",
        "earning_rule.activated",
        "earning_rule.retired",
    ]


async def test_doing_it_again_does_nothing(api: AdminApi) -> None:
    rule_id = await draft(api, BASE)
    await api.admin.post(f"/earning-rules/{rule_id}/activate", {})
    before = await api.count_rows(), await ruleset_version(api)
    assert (await api.admin.post(f"/earning-rules/{rule_id}/activate", {"version": 1})).status == 200
    assert (await api.count_rows(), await ruleset_version(api)) == before
    await api.admin.post(f"/earning-rules/{rule_id}/retire")
    before = await api.count_rows(), await ruleset_version(api)
    assert (await api.admin.post(f"/earning-rules/{rule_id}/retire")).body["status"] == "retired"
    assert (await api.count_rows(), await ruleset_version(api)) == before


async def test_a_retired_rule_may_come_back_and_a_draft_may_be_dropped(api: AdminApi) -> None:
    rule_id = await draft(api, BASE)
    version = await ruleset_version(api)
    assert (await api.admin.post(f"/earning-rules/{rule_id}/retire")).body["status"] == "retired"
    assert await ruleset_version(api) == version
    back = (await api.admin.post(f"/earning-rules/{rule_id}/activate", {})).body
    assert (back["status"], back["retired_at"]) == ("active", None)


async def test_activations_at_once_take_turns(api: AdminApi) -> None:
    ids = [await draft(api, {**BASE, "name": f"Rule {n}"}) for n in range(6)]
    started_at = await ruleset_version(api)
    replies = await asyncio.gather(*(api.admin.post(f"/earning-rules/{i}/activate", {}) for i in ids for _ in range(2)))
    assert {reply.status for reply in replies} == {200}
    events = await api.events("rule.activated")
    assert [e["payload"]["ruleset_version"] for e in events] == list(range(started_at + 1, started_at + 7))
    assert sorted(e["key"] for e in events) == sorted(ids)
    assert await ruleset_version(api) == started_at + 6


async def test_versions_added_at_once_get_numbers_of_their_own(api: AdminApi) -> None:
    rule_id = await draft(api, BASE)
    replies = await asyncio.gather(*(api.admin.post(f"/earning-rules/{rule_id}/versions", BASE) for _ in range(5)))
    assert sorted(reply.body["latest_version"] for reply in replies) == [2, 3, 4, 5, 6]


async def test_a_version_is_never_changed(api: AdminApi, conn: asyncpg.Connection) -> None:
    await draft(api, BASE)
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("update earning_rule_version set name = 'other'")


async def test_everything_wrong_with_a_rule_is_named_by_its_place(api: AdminApi) -> None:
    before = await api.count_rows()
    wrong = {
        "name": "",
        "scope": {"type": "order"},
        "conditions": [{"field": "hour", "op": "eq", "value": 25}],
        "effect": {"type": "points_per_amount", "points": "1", "per": "0"},
        "colour": "red",
    }
    reply = await api.admin.post("/earning-rules", wrong)
    assert (reply.status, reply.code) == (422, "invalid_rule")
    assert sorted(reply.pointers) == ["/colour", "/conditions/0/value", "/effect/per", "/name"]
    scoped = {**DOUBLE, "scope": {"type": "category", "values": ["DAIRY"]}}
    assert (await api.admin.post("/earning-rules", scoped)).pointers == ["/scope/type"]
    assert (await api.admin.post("/earning-rules", [])).status == 422
    assert await api.count_rows() == before


async def test_a_version_that_is_not_there_is_named(api: AdminApi) -> None:
    rule_id = await draft(api, BASE)
    reply = await api.admin.post(f"/earning-rules/{rule_id}/activate", {"version": 2})
    assert (reply.status, reply.pointers) == (422, ["/version"])


async def test_rules_are_listed_by_status(api: AdminApi) -> None:
    first, second = await draft(api, BASE), await draft(api, DOUBLE)
    await api.admin.post(f"/earning-rules/{first}/activate", {})
    viewer = api.as_role("viewer")
    assert [rule["rule_id"] for rule in (await viewer.get("/earning-rules")).body["data"]] == [second, first]
    assert [rule["name"] for rule in (await viewer.get("/earning-rules", status="active")).body["data"]] == ["Base"]


PURCHASE = {"amount": "12.50", "currency": "GBP", "occurred_at": "2026-03-01T12:00:00Z"}


async def test_a_simulation_uses_the_active_rules_or_those_given_and_stores_nothing(api: AdminApi) -> None:
    rule_id = await draft(api, BASE)
    await api.admin.post(f"/earning-rules/{rule_id}/activate", {})
    before, viewer = await api.count_rows(), api.as_role("viewer")
    now = (await viewer.post("/earning-rules/simulate", {"transaction": PURCHASE})).body
    assert now["points"] == 12
    assert now["rules"] == [{"rule_id": rule_id, "version": 1, "name": "Base", "points": 12}]
    assert now["receipt"]["unrounded"] == "12.5"
    drafted = await viewer.post("/earning-rules/simulate", {"transaction": PURCHASE, "rules": [BASE, DOUBLE]})
    assert drafted.body["points"] == 25
    assert [share["name"] for share in drafted.body["rules"]] == ["Base", "Double"]
    assert await api.count_rows() == before


async def test_a_simulation_says_what_the_worker_then_does(api: AdminApi) -> None:
    category = {
        "name": "Dairy",
        "scope": {"type": "category", "values": ["DAIRY"]},
        "effect": {"type": "points_per_amount", "points": "3", "per": "2"},
        "limits": {"points_per_transaction": 9},
    }
    for definition in (BASE, DOUBLE, category):
        await api.admin.post(f"/earning-rules/{await draft(api, definition)}/activate")
    await api.admin.post("/members", {"external_id": "card"})
    items = [
        {"sku": "milk", "category": "DAIRY", "quantity": 3, "amount": "7.50"},
        {"sku": "bread", "category": "BAKERY", "quantity": 1, "amount": "2.25"},
    ]
    purchase = {"amount": "9.75", "currency": "GBP", "items": items, "occurred_at": "2026-03-01T12:00:00Z"}
    client = api.client((await api.add_merchant_key()).secret)
    sale = (await client.post("/transactions", {**purchase, "member_external_id": "card"})).body
    asked = {**purchase, "member_id": sale["member_id"], "merchant_id": sale["merchant_id"]}
    simulated = (await api.admin.post("/earning-rules/simulate", {"transaction": asked})).body
    [event] = await api.events("transaction.recorded")
    incoming = Incoming(event["event_id"], TransactionRecorded.model_validate(event["payload"]))
    async with api.pool.acquire() as conn, conn.transaction():
        await award_transactions(conn, [incoming], system_clock, Rulesets())
    awarded = (await api.admin.get(f"/transactions/{sale['transaction_id']}")).body
    assert awarded["status"] == "awarded"
    assert awarded["points_awarded"] == simulated["points"] > 0
    assert awarded["receipt"] == simulated["receipt"]


async def test_a_simulation_sees_the_members_facts_and_what_limits_have_left(api: AdminApi) -> None:
    member_id = (await api.admin.post("/members", {"external_id": "card"})).body["member_id"]
    limited = {**BASE, "limits": {"points_per_member": {"points": 10, "period": "ever"}, "budget_points": 100}}
    rule_id = await draft(api, limited)
    await api.admin.post(f"/earning-rules/{rule_id}/activate", {})
    async with api.pool.acquire() as conn:
        await conn.execute("insert into rule_member_usage values ($1, $2, 'ever', 7)", rule_id, member_id)
        await conn.execute("insert into rule_budget_usage values ($1, 95)", rule_id)

    async def points(**purchase: object) -> int:
        wanted = {"transaction": {**PURCHASE, **purchase}}
        earned: int = (await api.admin.post("/earning-rules/simulate", wanted)).body["points"]
        return earned

    assert await points() == 5
    assert await points(member_id=member_id) == 3


async def test_a_purchase_that_makes_no_sense_is_named(api: AdminApi) -> None:
    async def pointers(body: dict[str, object]) -> list[str]:
        reply = await api.admin.post("/earning-rules/simulate", body)
        assert reply.status == 422, reply.body
        return reply.pointers

    assert await pointers({"transaction": {**PURCHASE, "currency": "USD"}}) == ["/transaction/currency"]
    assert await pointers({"transaction": {**PURCHASE, "amount": "1.234"}}) == ["/transaction/amount"]
    items = [{"sku": "a", "amount": "1.00"}]
    assert await pointers({"transaction": {**PURCHASE, "items": items}}) == ["/transaction/items"]
    assert await pointers({"transaction": PURCHASE, "rules": [BASE, {"name": "x"}]}) == ["/rules/1/effect"]
    nobody = {**PURCHASE, "member_id": "01890000-0000-7000-8000-000000000000"}
    assert await pointers({"transaction": nobody}) == ["/transaction/member_id"]
