"""The overview, the audit log and the pipeline, through the Admin API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import redis

from api.admin.lag import CONSUMED_TOPICS
from loyalty.clock import new_id
from loyalty.domain.ledger import adjust, earn, redeem
from loyalty.services.posting import Booking, post_entries
from loyalty.store.database import Connection
from tests.support.admin_api import AdminApi, admin_api
from tests.support.rows import add_dead_letter, add_member, add_merchant, add_redemption, add_reward, add_transaction

DAY = date(2026, 3, 29)
"""The day on which clocks in London go forward: it has 23 hours."""


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


def at(day: date, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


async def book(conn: Connection, member_id: UUID, kind: str, points: int, booked_at: datetime) -> None:
    event_id = new_id()
    match kind:
        case "earn":
            draft = earn(event_id, member_id, points)
        case "redeem":
            draft = redeem(event_id, member_id, points)
        case _:
            draft = adjust(event_id, member_id, points, "test")
    async with conn.transaction():
        await post_entries(conn, [Booking(draft, event_id, booked_at)], booked_at)


async def ledger_total(conn: Connection, until: datetime) -> int:
    """What members held at an instant, from the first posting on: the slow way."""
    total: int = await conn.fetchval(
        "select coalesce(sum(p.points), 0)::bigint from posting p join journal_entry e on e.id = p.entry_id "
        "where p.account like 'member.%' and e.booked_at < $1",
        until,
    )
    return total


async def test_the_overview_agrees_with_the_ledger_to_the_point(api: AdminApi) -> None:
    await api.admin.patch("/program", {"time_zone": "Europe/London", "point_value": "0.005"})
    async with api.pool.acquire() as conn:
        ada = await add_member(conn, joined_at=at(DAY))
        await book(conn, ada, "earn", 1000, at(DAY - timedelta(days=3)))
        await book(conn, ada, "earn", 300, at(DAY, 0, 30))
        await book(conn, ada, "redeem", 400, at(DAY, 22, 30))
        await book(conn, ada, "adjust", -50, at(DAY, 23, 30))
        await book(conn, ada, "adjust", 7, at(DAY + timedelta(days=5)))
        opening = await ledger_total(conn, datetime(2026, 3, 29, 0, tzinfo=UTC))
        closing = await ledger_total(conn, datetime(2026, 3, 30, 23, tzinfo=UTC))
        await add_transaction(conn, ada, await add_merchant(conn), at=at(DAY))
    report = (await api.as_role("viewer").get("/reports/overview", from_="2026-03-29", to="2026-03-30")).body
    assert (report["opening_points"], report["closing_points"]) == (opening, closing) == (1000, 850)
    assert report["moved"] == {"issued": 300, "redeemed": 400, "adjusted": -50, "reversed": 0, "expired": 0}
    assert (report["outstanding_points"], report["outstanding_value"]) == (857, "4.28")
    first, second = report["days"]
    assert (first["day"], first["issued"], first["redeemed"], first["adjusted"]) == ("2026-03-29", 300, 400, 0)
    assert (second["day"], second["adjusted"]) == ("2026-03-30", -50)
    assert (first["transactions"], first["members_joined"], report["transactions"]) == (1, 1, 1)


async def test_the_overview_tells_the_range_before_and_who_was_active(api: AdminApi) -> None:
    """Ada buys on both days of the range and before it, Grace asks for a reward, Bob only joins."""
    first = DAY + timedelta(days=1)
    async with api.pool.acquire() as conn:
        ada, grace = await add_member(conn, joined_at=at(DAY)), await add_member(conn, joined_at=at(DAY))
        await add_member(conn, joined_at=at(first))
        merchant_id = await add_merchant(conn)
        for day, points in ((DAY, 100), (first, 10), (first + timedelta(days=1), 1)):
            await add_transaction(conn, ada, merchant_id, at=at(day))
            await book(conn, ada, "earn", points, at(day))
        await add_transaction(conn, ada, merchant_id, at=at(DAY, 13))
        await book(conn, ada, "redeem", 30, at(DAY - timedelta(days=1)))
        asked = await add_redemption(conn, grace, await add_reward(conn))
        await conn.execute("update redemption set requested_at = $2 where id = $1", asked, at(first))
        before_that = await ledger_total(conn, at(DAY - timedelta(days=1), 0))
    report = (await api.admin.get("/reports/overview", from_=first, to=first + timedelta(days=1))).body
    assert [(day["members_active"], day["transactions"]) for day in report["days"]] == [(2, 1), (1, 1)]
    assert (report["members_active"], report["transactions"], report["opening_points"]) == (2, 2, 70)
    assert report["previous"] == {
        "from": "2026-03-28",
        "to": "2026-03-29",
        "opening_points": before_that,
        "moved": {"issued": 100, "redeemed": 30, "adjusted": 0, "reversed": 0, "expired": 0},
        "closing_points": 70,
        "transactions": 2,
        "members_joined": 2,
        "members_active": 1,
        "redemptions_completed": 0,
    }


async def test_the_overview_counts_redemptions_by_outcome(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        member_id, reward_id = await add_member(conn), await add_reward(conn)
        for status, reason in [("completed", None), ("rejected", "out_of_stock"), ("rejected", "out_of_stock")]:
            redemption_id = await add_redemption(conn, member_id, reward_id)
            await conn.execute(
                "update redemption set requested_at = $2, completed_at = $2, status = $3, reason = $4 where id = $1",
                redemption_id,
                at(DAY),
                status,
                reason,
            )
    report = (await api.admin.get("/reports/overview", from_=DAY, to=DAY)).body
    assert report["redemptions"] == [
        {"status": "rejected", "reason": "out_of_stock", "count": 2},
        {"status": "completed", "reason": None, "count": 1},
    ]
    assert report["days"][0]["redemptions_completed"] == 1


async def test_without_a_range_it_is_the_last_thirty_days(api: AdminApi) -> None:
    report = (await api.admin.get("/reports/overview")).body
    assert len(report["days"]) == 30
    assert report["days"][-1]["day"] == report["to"]
    assert report["opening_points"] == report["closing_points"] == 0


async def test_a_range_that_is_none_is_named(api: AdminApi) -> None:
    wrong: list[tuple[dict[str, str], str]] = [
        ({"from_": "2026-03-02", "to": "2026-03-01"}, "/from"),
        ({"from_": "2020-01-01", "to": "2026-03-01"}, "/from"),
        ({"from_": "yesterday"}, "/from"),
        ({"to": "0"}, "/to"),
        ({"to": "9999-12-31"}, "/to"),
        ({"to": "0001-01-01"}, "/to"),
        ({"from_": "0001-01-01", "to": "0001-01-02"}, ""),
    ]
    await api.admin.patch("/program", {"time_zone": "Asia/Tokyo"})
    for query, pointer in wrong:
        reply = await api.admin.get("/reports/overview", **query)
        assert reply.status == 422, query
        assert not pointer or reply.pointers == [pointer], query


async def test_the_audit_log_is_found_by_who_and_what_and_never_changed(
    api: AdminApi, conn: asyncpg.Connection
) -> None:
    member = (await api.as_role("operator").post("/members", {"external_id": "card"})).body
    await api.admin.patch("/program", {"name": "Market"})
    viewer = api.as_role("viewer")

    async def actions(**query: object) -> list[str]:
        return [entry["action"] for entry in (await viewer.get("/audit-log", **query)).body["data"]]

    assert await actions() == ["program.changed", "member.created"]
    assert await actions(actor_id=api.admins["admin"]) == ["program.changed"]
    assert await actions(subject_kind="member", subject_id=member["member_id"]) == ["member.created"]
    assert await actions(action="member.adjusted") == []
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("delete from audit_log")


async def test_the_pipeline_tells_what_waits_and_what_is_not_known(api: AdminApi, redis_url: str) -> None:
    viewer = api.as_role("viewer")
    await api.as_role("operator").post("/members", {"external_id": "card"})
    found = (await viewer.get("/pipeline")).body
    assert found["outbox"]["backlog_rows"] == 1
    assert found["outbox"]["leader"] is None
    assert (found["consumers"]["known"], found["consumers"]["lag_events"]) == (False, None)
    told = json.dumps({"lag": 2, "at": datetime.now(UTC).isoformat()})
    fields = {f"{topic}/{n}": told for topic in CONSUMED_TOPICS for n in range(8)}
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{api.settings.topic_prefix}laurel:lag", mapping=fields)
    found = (await viewer.get("/pipeline")).body
    assert (found["consumers"]["known"], found["consumers"]["lag_events"]) == (True, 64)


async def dead_letter(conn: Connection, event: dict[str, Any] | None) -> UUID:
    key, payload = (None, b"\xff\x00") if event is None else (b"some-member", json.dumps(event).encode())
    return await add_dead_letter(conn, key, payload, partition=3, record_offset=17)


async def test_a_dead_letter_is_seen_and_sent_again_once(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        letter_id = await dead_letter(conn, {"odd": True})
    viewer, path = api.as_role("viewer"), f"/dead-letters/{letter_id}"
    [shown] = (await viewer.get("/dead-letters", status="open")).body["data"]
    assert (shown["payload"], shown["key"], shown["partition"]) == ('{"odd": true}', "some-member", 3)
    assert (await viewer.get("/pipeline")).body["dead_letters"] == {"open": 1, "last_hour": 1}
    requeued = await api.admin.post(f"{path}/requeue")
    assert (requeued.status, requeued.body["resolution"]) == (200, "requeued")
    [event] = await api.events("transaction.recorded")
    assert str(event["event_id"]) == shown["event_id"]
    again = await api.admin.post(f"{path}/skip")
    assert (again.status, again.code) == (409, "dead_letter_resolved")
    assert (await viewer.get("/dead-letters", status="open")).body["data"] == []
    entry = (await api.audited())[-1]
    assert (entry["action"], entry["after"]["resolution"]) == ("dead_letter.requeued", "requeued")


async def test_a_record_that_is_no_event_can_only_be_skipped(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        letter_id = await dead_letter(conn, None)
    before = await api.count_rows()
    refused = await api.admin.post(f"/dead-letters/{letter_id}/requeue")
    assert (refused.status, refused.code) == (409, "not_requeueable")
    assert await api.count_rows() == before
    [shown] = (await api.admin.get("/dead-letters", topic="transaction.recorded")).body["data"]
    assert (shown["key"], shown["resolution"]) == (None, None)
    assert (await api.admin.post(f"/dead-letters/{letter_id}/skip")).body["resolution"] == "skipped"


async def test_a_parked_key_is_seen_and_the_relay_is_asked(api: AdminApi) -> None:
    await api.park_key("ada")
    await api.park_key("ada")
    [shown] = (await api.as_role("viewer").get("/parked-keys")).body["data"]
    assert (shown["key"], shown["waiting_rows"], shown["error"], shown["requested"]) == ("ada", 2, "too large", None)
    figures = (await api.as_role("viewer").get("/pipeline")).body["outbox"]
    assert (figures["parked_keys"], figures["parked_rows"]) == (1, 2)
    asked = await api.admin.post("/parked-keys/requeue", {"topic": "points.earned", "key": "ada"})
    assert (asked.status, asked.body["requested"]) == (202, "requeue")
    assert (await api.admin.get("/parked-keys")).body["data"][0]["requested"] == "requeue"
    entry = (await api.audited())[-1]
    assert (entry["action"], entry["subject_id"]) == ("parked_key.requeue_requested", "points.earned/ada")
    unknown = await api.admin.post("/parked-keys/skip", {"topic": "points.earned", "key": "grace"})
    assert (unknown.status, unknown.code) == (404, "not_found")
