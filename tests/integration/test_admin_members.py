"""Members through the Admin API: enrolled, found, adjusted, with a ledger that explains every point."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import redis

from tests.support.admin_api import AdminApi, admin_api


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def enrol(api: AdminApi, **fields: str) -> str:
    reply = await api.as_role("operator").post("/members", {"external_id": "card-1", **fields})
    assert reply.status == 201, reply.body
    member_id: str = reply.body["member_id"]
    return member_id


async def test_a_member_is_enrolled_with_an_empty_wallet_and_an_event(api: AdminApi) -> None:
    reply = await api.as_role("operator").post(
        "/members", {"external_id": "card-1", "email": "Ada@example.com", "name": " Ada "}
    )
    member = reply.body
    assert reply.status == 201
    assert member["name"] == "Ada"
    assert member["points"] == {
        "available": 0,
        "pending": 0,
        "held": 0,
        "owed": 0,
        "lifetime_earned": 0,
        "lifetime_redeemed": 0,
    }
    assert (await api.as_role("viewer").get(f"/members/{member['member_id']}")).body == member
    [event] = await api.events("member.registered")
    assert event["key"] == member["member_id"]
    assert "card-1" not in str(event["payload"])
    [entry] = await api.audited()
    assert (entry["action"], entry["subject_id"]) == ("member.created", member["member_id"])
    assert entry["actor_id"] == str(api.admins["operator"])
    assert entry["request_id"] == reply.headers["X-Request-Id"]
    assert entry["address"] == "127.0.0.1"


async def test_an_email_or_external_id_is_taken_once(api: AdminApi) -> None:
    operator = api.as_role("operator")
    await operator.post("/members", {"external_id": "card-1", "email": "ada@example.com"})
    before = await api.count_rows()
    by_email = await operator.post("/members", {"email": "ADA@example.com"})
    by_card = await operator.post("/members", {"external_id": "card-1"})
    assert (by_email.status, by_email.code) == (409, "email_taken")
    assert (by_card.status, by_card.code) == (409, "external_id_taken")
    assert await api.count_rows() == before


async def test_a_search_finds_how_names_begin_then_emails_then_external_ids(api: AdminApi) -> None:
    operator = api.as_role("operator")
    people = [
        {"external_id": "K-100", "name": "Ada Lovelace"},
        {"external_id": "K-101", "email": "adam@example.com"},
        {"external_id": "ada-1", "name": "Grace"},
        {"external_id": "K_%", "name": "Sneaky"},
    ]
    for person in people:
        await operator.post("/members", person)

    async def found(search: str) -> list[str]:
        reply = await operator.get("/members", search=search)
        return [member["external_id"] for member in reply.body["data"]]

    assert await found("ada") == ["K-100", "K-101", "ada-1"]
    assert await found("ADA L") == ["K-100"]
    assert await found("K-") == ["K-100", "K-101"]
    assert await found("K_%") == ["K_%"]
    assert await found("%") == []


async def test_pages_are_newest_first_and_stable_while_members_join(api: AdminApi) -> None:
    ids = [await enrol(api, external_id=f"card-{n}") for n in range(5)]
    viewer = api.as_role("viewer")
    first = (await viewer.get("/members", limit=2)).body
    await enrol(api, external_id="late")
    second = (await viewer.get("/members", limit=2, cursor=first["next_cursor"])).body
    third = (await viewer.get("/members", limit=2, cursor=second["next_cursor"])).body
    seen = [member["member_id"] for page in (first, second, third) for member in page["data"]]
    assert seen == ids[::-1]
    assert third["next_cursor"] is None


async def test_a_wrong_query_is_named(api: AdminApi) -> None:
    wrong: list[dict[str, object]] = [{"cursor": "nonsense"}, {"limit": 0}, {"limit": 101}, {"status": "x"}, {"hue": 1}]
    for query in wrong:
        reply = await api.as_role("viewer").get("/members", **query)
        assert (reply.status, reply.pointers) == (422, [f"/{next(iter(query))}"])


async def test_an_adjustment_is_booked_published_and_audited(api: AdminApi) -> None:
    member_id = await enrol(api)
    reply = await api.as_role("operator").post(
        f"/members/{member_id}/adjustments", {"points": 500, "reason": "Sorry for the wait"}
    )
    assert reply.status == 201
    assert reply.body["available_after"] == 500
    [event] = await api.events("points.adjusted")
    assert event["payload"] == {"schema_version": 1, **reply.body}
    [entry] = (await api.as_role("viewer").get(f"/members/{member_id}/ledger")).body["data"]
    assert entry["points"] == 500
    assert entry["reason"] == "Sorry for the wait"
    assert entry["source_id"] == reply.body["adjustment_id"]
    assert {posting["account"]: posting["points"] for posting in entry["postings"]} == {
        "program.adjusted": -500,
        "member.available": 500,
    }
    assert entry["traceparent"] == event["traceparent"]
    assert (await api.audited())[-1]["after"]["points"] == 500


async def test_an_adjustment_rings_the_bell_for_the_members_open_pages(api: AdminApi, redis_url: str) -> None:
    member_id = await enrol(api)
    with redis.Redis.from_url(redis_url) as client, client.pubsub(ignore_subscribe_messages=True) as bells:
        bells.subscribe(f"{api.settings.topic_prefix}laurel:changed")
        bells.get_message(timeout=20)
        path = f"/members/{member_id}/adjustments"
        await api.as_role("operator").post(path, {"points": 5, "reason": "gift"})
        bell = bells.get_message(timeout=20)
    assert bell is not None
    assert json.loads(bell["data"]) == [member_id]


async def test_more_than_is_there_cannot_be_taken(api: AdminApi) -> None:
    member_id = await enrol(api)
    operator, path = api.as_role("operator"), f"/members/{member_id}/adjustments"
    await operator.post(path, {"points": 100, "reason": "gift"})
    before = await api.count_rows()
    reply = await operator.post(path, {"points": -150, "reason": "mistake"})
    assert (reply.status, reply.code, reply.body["points_missing"]) == (409, "insufficient_points", 50)
    assert await api.count_rows() == before
    assert (await operator.post(path, {"points": -100, "reason": "mistake"})).body["available_after"] == 0


async def test_fifty_requests_with_one_key_adjust_once(api: AdminApi) -> None:
    member_id = await enrol(api)
    operator, path = api.as_role("operator"), f"/members/{member_id}/adjustments"
    body = {"points": 10, "reason": "gift"}
    replies = await asyncio.gather(*(operator.post(path, body, key="once") for _ in range(50)))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["adjustment_id"] for reply in replies}) == 1
    assert sum("Idempotency-Replayed" not in reply.headers for reply in replies) == 1
    assert (await operator.get(f"/members/{member_id}")).body["points"]["available"] == 10
    other = await operator.post(path, {"points": 11, "reason": "gift"}, key="once")
    assert (other.status, other.code) == (409, "idempotency_key_reused")


async def test_two_keys_at_once_take_no_more_than_there_is(api: AdminApi) -> None:
    member_id = await enrol(api)
    operator, path = api.as_role("operator"), f"/members/{member_id}/adjustments"
    await operator.post(path, {"points": 30, "reason": "gift"})
    replies = await asyncio.gather(*(operator.post(path, {"points": -10, "reason": "back"}) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [201] * 3 + [409] * 5
    assert (await operator.get(f"/members/{member_id}")).body["points"]["available"] == 0


async def test_the_ledger_is_paged_by_entry(api: AdminApi) -> None:
    member_id = await enrol(api)
    operator = api.as_role("operator")
    for points in (1, 2, 3):
        await operator.post(f"/members/{member_id}/adjustments", {"points": points, "reason": "gift"})
    path = f"/members/{member_id}/ledger"
    first = (await operator.get(path, limit=2)).body
    rest = (await operator.get(path, limit=2, cursor=first["next_cursor"])).body
    assert [(e["seq"], e["available_after"]) for e in first["data"] + rest["data"]] == [(3, 6), (2, 3), (1, 1)]


BAD_ADJUSTMENTS: list[tuple[dict[str, object], str]] = [
    ({"points": 0, "reason": "x"}, ""),
    ({"points": 1.5, "reason": "x"}, "/points"),
    ({"points": "5", "reason": "x"}, "/points"),
    ({"points": True, "reason": "x"}, "/points"),
    ({"points": 10**13, "reason": "x"}, "/points"),
    ({"points": 5}, "/reason"),
    ({"points": 5, "reason": "  "}, "/reason"),
    ({"points": 5, "reason": "a\0b"}, "/reason"),
    ({"points": 5, "reason": "x", "extra": 1}, "/extra"),
]


async def test_a_wrong_adjustment_is_named_and_writes_nothing(api: AdminApi) -> None:
    member_id = await enrol(api)
    before = await api.count_rows()
    for body, pointer in BAD_ADJUSTMENTS:
        reply = await api.as_role("operator").post(f"/members/{member_id}/adjustments", body)
        assert (reply.status, reply.pointers) == (422, [pointer]), body
    assert await api.count_rows() == before


async def test_a_stranger_is_not_found(api: AdminApi) -> None:
    operator, nobody = api.as_role("operator"), "01890000-0000-7000-8000-000000000000"
    assert (await operator.get(f"/members/{nobody}")).status == 404
    assert (await operator.get(f"/members/{nobody}/ledger")).status == 404
    assert (await operator.get("/members/not-an-id")).status == 404
    reply = await operator.post(f"/members/{nobody}/adjustments", {"points": 5, "reason": "x"})
    assert (reply.status, reply.code) == (404, "not_found")


async def test_members_are_found_by_their_ids_those_that_there_are(api: AdminApi) -> None:
    operator = api.as_role("operator")
    joined = [(await operator.post("/members", {"external_id": f"N-{n}"})).body["member_id"] for n in range(3)]
    wanted = ",".join([joined[0], joined[2], str(uuid4())])
    reply = await operator.get("/members", ids=wanted)
    assert [member["member_id"] for member in reply.body["data"]] == [joined[2], joined[0]]
    assert (await operator.get("/members", ids="K-100")).status == 422
