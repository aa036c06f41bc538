"""What the console looks at: a timeline, the audit log by filter, members as they are typed, changes as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from loyalty.clock import system_clock
from loyalty.store.admins import revoke_sessions
from tests.support.admin_api import PREFIX, AdminApi, admin_api
from tests.support.points import Shop

Events = AsyncIterator[tuple[str, int, dict[str, Any]]]


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


@contextlib.asynccontextmanager
async def listening(api: AdminApi, last_event_id: int | None = None, token: str | None = None) -> AsyncIterator[Events]:
    """The viewer's stream: name, id and data of each event."""
    headers = {"Authorization": f"Bearer {token or api.token(api.admins['viewer'], 'viewer')}"}
    headers |= {"Last-Event-ID": str(last_event_id)} if last_event_id is not None else {}
    async with api.http.get(api.url + PREFIX + "/events", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield _events(answer.content)


async def _events(lines: Any) -> Events:
    fields: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield fields["event"], int(fields["id"]), json.loads(fields["data"])
            fields = {}


async def take(events: Events) -> tuple[str, int, dict[str, Any]]:
    async with asyncio.timeout(20):
        return await anext(events)


async def test_changes_are_pushed_and_a_stream_goes_on_where_it_broke_off(api: AdminApi) -> None:
    await api.admin.post("/members", {"external_id": "before"})
    async with listening(api) as events:
        name, _, figures = await take(events)
        assert (name, figures["outbox"]["backlog_rows"]) == ("pipeline.changed", figures["outbox"]["backlog_rows"])
        await api.admin.post("/members", {"external_id": "first"})
        while (event := await take(events))[0] != "audit.recorded":
            pass
        assert event[2]["after"]["external_id"] == "first"
    await api.admin.post("/members", {"external_id": "meanwhile"})
    seen = []
    async with listening(api, event[1]) as events:
        while "meanwhile" not in seen:
            name, _, body = await take(events)
            seen += [body["after"]["external_id"]] if name == "audit.recorded" else []
    assert seen[-2:] == ["first", "meanwhile"]
    assert len(seen) == len(set(seen))


async def test_a_stream_ends_with_the_administrator(api: AdminApi) -> None:
    helper = await api.add_admin("viewer")
    async with listening(api, token=api.token(helper.admin_id, "viewer")) as events:
        await take(events)
        async with api.pool.acquire() as conn:
            await conn.execute("update admin set active = false where id = $1", helper.admin_id)
            await revoke_sessions(conn, helper.admin_id, system_clock())
        async with asyncio.timeout(20):
            rest = [name async for name, _, _ in events]
    assert "audit.recorded" not in rest


async def test_a_wrong_last_event_id_is_refused(api: AdminApi) -> None:
    headers = {"Authorization": f"Bearer {api.token(api.admins['viewer'], 'viewer')}", "Last-Event-ID": "x"}
    async with api.http.get(api.url + PREFIX + "/events", headers=headers) as answer:
        assert answer.status == 422


async def test_a_timeline_has_all_that_happened_in_order(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        shop = await Shop.open(conn, transfers={"enabled": True})
        shop.now = system_clock()
        friend = await shop.member()
    member = (await api.admin.post("/members", {"external_id": "card-1", "name": "Ada"})).body["member_id"]
    operator, path = api.as_role("operator"), f"/members/{member}"
    await operator.post(f"{path}/adjustments", {"points": 50, "reason": "gift"})
    await operator.patch(path, {"name": "Ada Lovelace"})
    await operator.post(f"{path}/transfers", {"to_member_id": str(friend), "points": 20})
    key = await api.add_merchant_key("transactions:write")
    sale = {"member_id": member, "external_id": "R-1", "amount": "5.00", "currency": "GBP"}
    assert (await api.client(key.secret).post("/transactions", sale)).status == 201
    whole = (await operator.get(f"{path}/timeline")).body["data"]
    assert [(one["kind"], one["points"]) for one in whole] == [
        ("purchase", None),
        ("transfer", -20),
        ("change", None),
        ("adjustment", 50),
        ("joined", None),
    ]
    assert (whole[0]["amount"], whole[0]["detail"], whole[2]["detail"]) == ("5.00", "R-1", "member.changed")
    first = (await operator.get(f"{path}/timeline", limit=2)).body
    rest = (await operator.get(f"{path}/timeline", limit=5, cursor=first["next_cursor"])).body
    assert first["data"] + rest["data"] == whole
    assert rest["next_cursor"] is None
    nobody = "01890000-0000-7000-8000-000000000000"
    assert (await operator.get(f"/members/{nobody}/timeline")).status == 404


async def test_members_are_found_by_any_word_as_it_is_typed(api: AdminApi) -> None:
    ids = {}
    for name in ("Ada Lovelace", "Grace O'Hopper", "Ada Byron"):
        created = await api.admin.post("/members", {"external_id": name.lower(), "name": name})
        ids[name] = created.body["member_id"]

    async def found(text: str) -> set[str]:
        return {member["name"] for member in (await api.admin.get("/members", search=text)).body["data"]}

    assert await found("lovel") == {"Ada Lovelace"}
    assert await found("ada") == {"Ada Lovelace", "Ada Byron"}
    assert await found("byr ada") == {"Ada Byron"}
    assert await found("o'hop") == {"Grace O'Hopper"}
    assert await found(ids["Ada Byron"]) == {"Ada Byron"}
    for nothing in ("' | !", "& :*", "\\", "%", "nobody"):
        assert await found(nothing) == set()


async def test_the_audit_log_is_filtered(api: AdminApi) -> None:
    first = await api.admin.post("/members", {"external_id": "card-1"})
    between = system_clock().isoformat().replace("+00:00", "Z")
    await api.as_role("operator").post("/members", {"external_id": "card-2"})

    async def found(**query: str) -> list[str]:
        return [entry["after"]["external_id"] for entry in (await api.admin.get("/audit-log", **query)).body["data"]]

    assert await found(actor_id=str(api.admins["operator"])) == ["card-2"]
    assert await found(request_id=first.headers["X-Request-Id"]) == ["card-1"]
    assert await found(from_time=between) == ["card-2"]
    assert await found(to_time=between) == ["card-1"]
    assert await found(actor_kind="system") == []
    assert (await api.admin.get("/audit-log", from_time="yesterday")).status == 422
