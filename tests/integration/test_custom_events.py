"""Custom events: a type with fields, a merchant's key, and rules that turn what members do into points."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from loyalty.clock import new_id, system_clock
from loyalty.services.awarding_events import CONSUMER, Happened, award_events
from loyalty.services.incoming import Incoming
from loyalty.services.replaying_history import replay_history
from loyalty.services.rulesets import Rulesets
from loyalty.services.verifying_rules import verify_rules
from loyalty.store.database import Connection
from schemas.admin.replays import ReplayResult
from schemas.admin.rules import NewRule
from schemas.events import EventRecorded
from tests.support.admin_api import AdminApi, Client, admin_api
from tests.support.points import broken_checks
from tests.support.rows import add_member

REVIEW: dict[str, Any] = {
    "code": "review.written",
    "name": "A review",
    "fields": [
        {"name": "stars", "type": "number"},
        {"name": "verified", "type": "boolean"},
        {"name": "channel", "type": "text", "required": False},
    ],
}
RULE: dict[str, Any] = {
    "name": "Thanks for the review",
    "trigger": "event.recorded",
    "event_type": "review.written",
    "effect": {"type": "fixed", "points": 20},
    "conditions": [
        {"field": "fields.stars", "op": "gte", "value": "3.5"},
        {"field": "fields.verified", "op": "eq", "value": True},
    ],
    "limits": {"points_per_member": {"points": 50, "period": "ever"}},
}


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


@pytest.fixture
async def till(api: AdminApi) -> Client:
    """The merchant's key; the type of events is there."""
    assert (await api.admin.post("/event-types", REVIEW)).status == 201
    return api.client((await api.add_merchant_key("events:write")).secret)


async def new_member(api: AdminApi) -> UUID:
    async with api.pool.acquire() as conn:
        return await add_member(conn)


def review(member_id: UUID, external_id: str | None = None, **fields: Any) -> dict[str, Any]:
    given = {"stars": 5, "verified": True, **fields}
    written = {"event_type": "review.written", "member_id": str(member_id), "fields": given}
    return written if external_id is None else {**written, "external_id": external_id}


async def activate(api: AdminApi, rule: dict[str, Any]) -> None:
    made = await api.admin.post("/earning-rules", rule)
    assert made.status == 201, made.body
    await api.admin.post(f"/earning-rules/{made.body['rule_id']}/activate")


async def recorded(api: AdminApi) -> list[Happened]:
    """The events as the worker gets them."""
    bodies = [EventRecorded.model_validate(event["payload"]) for event in await api.events("event.recorded")]
    return [Incoming(body.event_id, body) for body in bodies]


async def award(conn: Connection, events: list[Happened]) -> int:
    async with conn.transaction():
        return (await award_events(conn, events, system_clock, Rulesets())).fresh_events


async def test_what_a_member_did_becomes_points_once(api: AdminApi, till: Client) -> None:
    await activate(api, RULE)
    member_id = await new_member(api)
    for stars in (5, 3.5, 3.4, 5):
        made = await till.post("/events", review(member_id, stars=stars))
        assert (made.status, made.body["status"]) == (201, "recorded")
    assert (await till.post("/events", review(member_id, verified=False))).status == 201
    events = await recorded(api)
    async with api.pool.acquire() as conn:
        assert await award(conn, [*events, events[0]]) == 5
        assert await award(conn, events) == 0
        await conn.execute("delete from inbox where consumer = $1", CONSUMER)
        assert await award(conn, events) == 0
        points = await conn.fetchval("select array_agg(points order by seq) from event_award")
        assert points == [20, 20, 0, 10, 0]
        assert await conn.fetchval("select available from wallet") == 50
        found = [found async for found in verify_rules(conn)][-1]
        assert (found.awards, found.points, found.differences) == (5, 50, 0)
        assert await broken_checks(conn) == {}
    told = [event["payload"] for event in await api.events("event.awarded")]
    assert [one["points"] for one in told] == [20, 20, 0, 10, 0]


async def test_a_rule_on_trial_for_events_awards_nothing_and_is_counted(api: AdminApi, till: Client) -> None:
    await activate(api, RULE)
    tried = {**RULE, "name": "Five more", "effect": {"type": "fixed", "points": 5}, "conditions": [], "limits": {}}
    rule_id = (await api.admin.post("/earning-rules", tried)).body["rule_id"]
    await api.admin.post(f"/earning-rules/{rule_id}/try")
    member_id = await new_member(api)
    for stars in (5, 1):
        await till.post("/events", review(member_id, stars=stars))
    async with api.pool.acquire() as conn:
        assert await award(conn, await recorded(api)) == 2
        assert await conn.fetchval("select available from wallet") == 20
    trial = (await api.as_role("viewer").get(f"/earning-rules/{rule_id}/trial")).body
    assert (trial["purchases"], trial["points"]) == (2, 10)


async def test_an_external_id_is_recorded_once(api: AdminApi, till: Client) -> None:
    member_id = await new_member(api)
    first = await till.post("/events", review(member_id, "r-1"))
    again = await till.post("/events", review(member_id, "r-1"))
    assert (first.status, again.status, again.body["event_id"]) == (201, 200, first.body["event_id"])
    other = await till.post("/events", review(member_id, "r-1", stars=1))
    assert (other.status, other.code) == (409, "external_id_reused")
    at_once = await asyncio.gather(*(till.post("/events", review(member_id, "r-2")) for _ in range(5)))
    assert sorted(reply.status for reply in at_once) == [200, 200, 200, 200, 201]
    assert len(await api.events("event.recorded")) == 2


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"event_type": "walk.taken"}, "/event_type"),
        ({"fields": {"stars": 5}}, "/fields/verified"),
        ({"fields": {"stars": "5", "verified": True}}, "/fields/stars"),
        ({"fields": {"stars": 1.23456, "verified": True}}, "/fields/stars"),
        ({"fields": {"stars": 1e12, "verified": True}}, "/fields/stars"),
        ({"fields": {"stars": True, "verified": True}}, "/fields/stars"),
        ({"fields": {"stars": 5, "verified": 1}}, "/fields/verified"),
        ({"fields": {"stars": 5, "verified": True, "colour": "red"}}, "/fields/colour"),
        ({"fields": {"stars": 5, "verified": True, "channel": "a\0b"}}, "/fields/channel"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "/occurred_at"),
    ],
)
async def test_an_event_that_does_not_fit_its_type_is_refused(
    api: AdminApi, till: Client, changes: dict[str, Any], pointer: str
) -> None:
    refused = await till.post("/events", {**review(await new_member(api)), **changes})
    assert (refused.status, refused.pointers) == (422, [pointer])
    assert await api.events("event.recorded") == []


async def test_a_rule_is_for_events_that_there_are(api: AdminApi, till: Client) -> None:
    unknown = await api.admin.post("/earning-rules", {**RULE, "event_type": "walk.taken"})
    assert (unknown.status, unknown.pointers) == (422, ["/event_type"])
    condition = {"field": "fields.colour", "op": "eq", "value": "red"}
    no_field = await api.admin.post("/earning-rules", {**RULE, "conditions": [condition]})
    assert (no_field.status, no_field.pointers) == (422, ["/conditions/0/field"])
    taken = await api.admin.post("/event-types", REVIEW)
    assert (taken.status, taken.code) == (409, "event_type_exists")
    listed = (await api.as_role("viewer").get("/event-types")).body["data"]
    assert [one["code"] for one in listed] == ["referral.referred", "referral.referrer", "review.written"]


async def test_purchases_earn_nothing_by_rules_for_events(api: AdminApi, till: Client) -> None:
    await activate(api, RULE)
    simulated = await api.admin.post("/earning-rules/simulate", {"transaction": {"amount": "10.00", "currency": "GBP"}})
    assert simulated.body["points"] == 0


async def test_a_draft_for_events_is_simulated(api: AdminApi, till: Client) -> None:
    await activate(api, RULE)
    member_id = str(await new_member(api))
    happened = {"event_type": "review.written", "member_id": member_id, "fields": {"stars": 5, "verified": True}}
    now = (await api.admin.post("/earning-rules/simulate", {"event": happened})).body
    assert (now["points"], [rule["name"] for rule in now["rules"]]) == (20, ["Thanks for the review"])
    draft = {**RULE, "effect": {"type": "fixed", "points": 60}}
    drafted = (await api.admin.post("/earning-rules/simulate", {"event": happened, "rules": [draft]})).body
    assert (drafted["points"], drafted["receipt"]["cuts"][0]["points"]) == (50, "10")
    poor = {**happened, "fields": {"stars": 1, "verified": True}}
    assert (await api.admin.post("/earning-rules/simulate", {"event": poor})).body["points"] == 0
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"event": {**happened, "event_type": "walk.taken"}}, "/event/event_type"),
        ({"event": {**happened, "fields": {"stars": 5}}}, "/event/fields/verified"),
        ({"event": {**happened, "member_id": str(new_id())}}, "/event/member_id"),
        ({"event": happened, "rules": [draft, {**draft, "event_type": "walk.taken"}]}, "/rules/1/event_type"),
        ({}, ""),
    ]
    for body, pointer in wrong:
        refused = await api.admin.post("/earning-rules/simulate", body)
        assert (refused.status, refused.pointers) == (422, [pointer]), body


async def replayed(conn: Connection, *rules: dict[str, Any]) -> ReplayResult:
    definitions = [NewRule.model_validate(rule) for rule in rules]
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        result = [one async for one in replay_history(conn, definitions)][-1].result
    assert result is not None
    return result


async def test_drafts_for_events_are_replayed_over_the_history(api: AdminApi, till: Client) -> None:
    await activate(api, RULE)
    member_id = await new_member(api)
    for stars in (5, 4, 5, 2):
        await till.post("/events", review(member_id, stars=stars))
    async with api.pool.acquire() as conn:
        assert await award(conn, await recorded(api)) == 4
        same = await replayed(conn, RULE)
        assert (same.purchases, same.events, same.events_changed, same.points.difference) == (0, 4, 0, 0)
        changed = await replayed(conn, {**RULE, "effect": {"type": "fixed", "points": 30}, "limits": {}})
        assert (changed.events_changed, changed.points.actual, changed.points.draft) == (3, 50, 90)
        assert [(rule.name, rule.actual, rule.draft) for rule in changed.by_rule] == [(RULE["name"], 50, 90)]
        assert [(tier.purchases, tier.events, tier.draft) for tier in changed.by_tier] == [(0, 4, 90)]
        assert (changed.tiers, changed.limits) == ("of_then", "unused_at_start")
        without = await replayed(conn, {"name": "Base", "effect": {"type": "fixed", "points": 5}})
        assert (without.points.actual, without.points.draft, without.members_worse) == (50, 0, 1)
    unknown = {"rules": [{**RULE, "event_type": "walk.taken"}]}
    refused = await api.admin.post("/earning-rules/replays", unknown)
    assert (refused.status, refused.pointers) == (422, ["/rules/0/event_type"])


async def test_a_trial_for_events_has_limits_of_its_own(api: AdminApi, till: Client) -> None:
    tried = {**RULE, "name": "Thirty", "effect": {"type": "fixed", "points": 30}, "conditions": []}
    rule_id = (await api.admin.post("/earning-rules", tried)).body["rule_id"]
    await api.admin.post(f"/earning-rules/{rule_id}/try")
    member_id = await new_member(api)
    for _ in range(3):
        await till.post("/events", review(member_id))
    events = await recorded(api)
    async with api.pool.acquire() as conn:
        await award(conn, events[:1])
        await award(conn, events[1:])
    trial = (await api.as_role("viewer").get(f"/earning-rules/{rule_id}/trial")).body
    assert (trial["purchases"], trial["points"]) == (2, 50)


async def test_the_number_of_statements_does_not_depend_on_the_batch(api: AdminApi, till: Client) -> None:
    await activate(api, RULE)
    members = [await new_member(api) for _ in range(20)]
    for member_id in members:
        await till.post("/events", review(member_id))
    events, rulesets, counts = await recorded(api), Rulesets(), []
    async with api.pool.acquire() as conn:
        for batch in (events[:2], events[2:4], events[4:]):
            seen: list[str] = []
            with conn.query_logger(lambda record, seen=seen: seen.append(record.query)):
                async with conn.transaction():
                    await award_events(conn, batch, system_clock, rulesets)
            counts.append(len(seen))
    assert counts[1] == counts[2] <= 14
