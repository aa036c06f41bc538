"""Members and their own data: what they change, take away and have erased."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from loyalty.store.database import Pool
from loyalty.store.exports import MEMBER_TABLES, SECTIONS
from loyalty.store.personal_data import TABLES, Kind, tables_about_members
from tests.integration.customer.conftest import Shop
from tests.support.apis import Client, Reply
from tests.support.rows import give_points

ADA = {"email": "ada@example.com", "password": "correct horse", "name": "Ada Quince", "birth_date": "1990-03-05"}
PASSWORD = {"password": ADA["password"]}
JSON = {"Content-Type": "application/json"}


async def _patch(member: Client, **fields: Any) -> Reply:
    return await member.send("PATCH", "/profile", headers=JSON, data=json.dumps(fields).encode())


async def _delete(member: Client, **fields: Any) -> Reply:
    return await member.send("DELETE", "/profile", headers=JSON, data=json.dumps(fields).encode())


async def _join(client: Client, **changed: Any) -> Client:
    joined = await client.post("/register", {**ADA, **changed})
    assert joined.status == 201
    session = await client.post("/login", {"email": changed.get("email", ADA["email"]), **PASSWORD})
    return client.signed_in(session.body["access_token"])


async def _columns(rows: Pool) -> dict[str, set[str]]:
    found = await rows.fetch(
        "select c.relname::text as name, array_agg(a.attname::text) as columns from pg_class c "
        "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
        "where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace "
        "and c.relname !~ '^_?pogo' group by 1"
    )
    return {row["name"]: set(row["columns"]) for row in found}


async def test_every_column_of_the_database_is_classified(rows: Pool) -> None:
    """Failed for your new column? Say in loyalty/store/personal_data.py what it tells of a person."""
    assert {name: set(table.columns) for name, table in TABLES.items()} == await _columns(rows)


def test_the_export_has_all_that_is_about_members() -> None:
    exported = [*MEMBER_TABLES, *(table for section in SECTIONS.values() for table in section.tables)]
    assert sorted(exported) == sorted(tables_about_members())


async def test_a_friend_joins_by_a_members_code(client: Client, rows: Pool) -> None:
    ada = await _join(client)
    code = (await ada.get("/profile")).body["referral_code"]
    refused = await client.post("/register", {**ADA, "email": "eve@example.com", "referral_code": "NOBODYS"})
    assert (refused.status, refused.pointers) == (422, ["/referral_code"])
    friend = await _join(client, email="bob@example.com", referral_code=code)
    assert (await friend.get("/profile")).body["referral_code"] not in (code, None)
    assert await rows.fetchval("select count(*) from referral where status = 'open'") == 1
    assert (await _delete(ada, **PASSWORD)).status == 204
    assert await rows.fetchval("select count(*) from member where referral_code = $1", code) == 0
    audited = "select count(*) from audit_log where strpos(concat(before, after), $1) > 0"
    assert await rows.fetchval(audited, code) == 0


async def test_a_member_changes_their_name(client: Client, rows: Pool) -> None:
    member = await _join(client)
    changed = await _patch(member, name="  Ada Lovelace ")
    assert (changed.status, changed.body["name"]) == (200, "Ada Lovelace")
    assert (await member.get("/profile")).body == changed.body
    log = await rows.fetchrow("select * from audit_log where action = 'member.changed'")
    assert (log["before"], log["after"]) == ({"name": "Ada Quince"}, {"name": "Ada Lovelace"})
    assert (await _patch(member)).body == changed.body
    assert await rows.fetchval("select count(*) from audit_log") == 1


async def test_the_way_in_changes_only_with_the_password(client: Client, rows: Pool) -> None:
    member = await _join(client)
    await _join(client, email="bob@example.com")
    unproven = await _patch(member, email="ada@example.org")
    wrong = await _patch(member, email="ada@example.org", password="wrong horse")
    taken = await _patch(member, email="BOB@example.com", **PASSWORD)
    assert [reply.status for reply in (unproven, wrong, taken)] == [422, 403, 409]
    assert (wrong.code, taken.code) == ("wrong_password", "email_taken")
    right = await _patch(member, email="ada@example.org", new_password="battery staple", **PASSWORD)
    assert (right.status, right.body["email"]) == (200, "ada@example.org")
    assert (await client.post("/login", {"email": "ada@example.org", **PASSWORD})).status == 401
    assert (await client.post("/login", {"email": "ada@example.org", "password": "battery staple"})).status == 200
    sessions = await rows.fetch("select revoked_at is null as open from refresh_token order by issued_at")
    assert [row["open"] for row in sessions] == [False, True, True]


async def test_a_birthday_is_told_once(client: Client) -> None:
    member = await _join(client, birth_date=None)
    assert (await _patch(member, birth_date="1990-03-05")).body["birth_date"] == "1990-03-05"
    assert (await _patch(member, birth_date="1990-03-05")).status == 200
    again = await _patch(member, birth_date="1991-03-05")
    assert (again.status, again.code) == (409, "birth_date_known")


async def test_the_export_is_all_that_is_held(client: Client, shop: Shop, rows: Pool) -> None:
    member = await _join(client)
    other = await _join(client, email="bob@example.com", name="Bob Stranger")
    member_id = UUID((await member.get("/profile")).body["member_id"])
    await member.post("/transaction", shop.purchase(external_id="R-1"))
    await other.post("/transaction", shop.purchase(external_id="R-2"))
    async with rows.acquire() as conn:
        await give_points(conn, member_id, 120)
    await member.post("/redeem", {"reward_id": str(shop.reward_id)})
    reply = await member.get("/export")
    assert reply.status == 200
    assert "attachment" in reply.headers["Content-Disposition"]
    body = reply.body
    assert (body["member"]["email"], body["member"]["birth_date"]) == (ADA["email"], "1990-03-05")
    assert [purchase["external_id"] for purchase in body["transactions"]] == ["R-1"]
    assert [redemption["reward_id"] for redemption in body["redemptions"]] == [str(shop.reward_id)]
    assert [entry["kind"] for entry in body["journal"]] == ["adjust"]
    assert (len(body["lots"]), len(body["sessions"]), len(body["requests"])) == (1, 1, 2)
    text = json.dumps(body)
    assert "Stranger" not in text
    assert "argon2" not in text


async def _all_text(rows: Pool) -> str:
    """Every row of every table, as text."""
    tables = await rows.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    texts = [
        await rows.fetchval(f"select coalesce(string_agg(t::text, chr(10)), '') from \"{row['relname']}\" t")
        for row in tables
    ]
    payloads = await rows.fetch("select convert_from(payload, 'utf8') as text from outbox")
    bodies = await rows.fetch("select convert_from(body, 'utf8') as text from idempotency_key")
    return "\n".join([*texts, *(row["text"] for row in [*payloads, *bodies])])


async def test_what_identified_a_member_is_nowhere_after_an_erasure(client: Client, shop: Shop, rows: Pool) -> None:
    await rows.execute('update program set points = \'{"transfers": {"enabled": true}}\'')
    friend = await _join(client, email="bob@example.com", name="Bob", birth_date=None)
    member = await _join(client)
    member_id = UUID((await member.get("/profile")).body["member_id"])
    await rows.execute("update member set external_id = 'card-0815' where id = $1", member_id)
    assert (await _patch(member, name="Ada Newname", email="new@example.org", **PASSWORD)).status == 200
    await member.post("/transaction", shop.purchase(external_id="R-1"))
    async with rows.acquire() as conn:
        await give_points(conn, member_id, 120)
    given = {"to_member_id": (await friend.get("/profile")).body["member_id"], "points": 20, "note": "from Quince"}
    assert (await member.post("/transfers", given)).status == 201
    before = await _all_text(rows)
    traces = ["Quince", "Newname", "ada@example.com", "new@example.org", "1990-03-05", "card-0815", str(member_id)]
    assert [trace for trace in traces if trace not in before] == []

    assert (await _delete(member, password="wrong horse")).status == 403
    assert (await _delete(member, **PASSWORD)).status == 204
    after = await _all_text(rows)
    assert [trace for trace in traces[:-1] if trace in after] == []
    assert await rows.fetchval("select count(*) from transaction where member_id = $1", member_id) == 1
    assert await rows.fetchval("select available from wallet where member_id = $1", member_id) == 0
    told = await rows.fetch("select topic from outbox where key = $1 order by id", str(member_id))
    assert [row["topic"] for row in told][-2:] == ["points.adjusted", "member.erased"]
    assert (await rows.fetchrow("select * from audit_log order by id desc limit 1"))["action"] == "member.erased"
    assert (await friend.get("/profile")).body["name"] == "Bob"


async def test_who_left_is_signed_out_and_may_join_again(client: Client, rows: Pool) -> None:
    member = await _join(client)
    session = await client.post("/login", {"email": ADA["email"], **PASSWORD})
    replies = await asyncio.gather(*[_delete(member, **PASSWORD) for _ in range(5)])
    assert 204 in {reply.status for reply in replies} <= {204, 403}
    assert await rows.fetchval("select count(*) from outbox where topic = 'member.erased'") == 1
    for reply in (await member.get("/points"), await member.get("/export"), await _patch(member, name="Eve")):
        assert (reply.status, reply.code) == (403, "member_inactive")
    assert (await client.post("/refresh", {"refresh_token": session.body["refresh_token"]})).status == 401
    assert (await client.post("/login", {"email": ADA["email"], **PASSWORD})).status == 401
    again = await _join(client)
    assert (await again.get("/profile")).body["member_id"] != (
        await rows.fetchval("select id::text from member where status = 'erased'")
    )


async def test_purchases_and_an_erasure_at_once_leave_no_doubt(client: Client, shop: Shop, rows: Pool) -> None:
    """Whatever was recorded was recorded before the member was erased: the wallet's lock puts them in one order."""
    member = await _join(client)
    member_id = UUID((await member.get("/profile")).body["member_id"])
    purchases = [member.post("/transaction", shop.purchase(external_id=f"R-{number}")) for number in range(12)]
    *claims, gone = await asyncio.gather(*purchases, _delete(member, **PASSWORD))
    assert gone.status == 204
    assert {reply.status for reply in claims} <= {201, 403}
    told = [
        row["topic"] for row in await rows.fetch("select topic from outbox where key = $1 order by id", str(member_id))
    ]
    assert told[-1] == "member.erased"
    assert told.count("transaction.recorded") == sum(reply.status == 201 for reply in claims)
    assert (
        await rows.fetchval("select count(*) from idempotency_key where caller = 'member:' || $1::uuid", member_id) == 0
    )


async def test_records_change_only_by_forgetting(client: Client, rows: Pool) -> None:
    member = await _join(client)
    await _patch(member, name="Ada Lovelace")
    for change in (
        'update audit_log set after = \'{"name": "Eve"}\'',
        "update audit_log set after = null",
        "update audit_log set action = 'nothing'",
        "update audit_log set address = '10.0.0.1'",
        "delete from audit_log",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await rows.execute(change)


def test_nothing_that_identifies_is_in_a_copy() -> None:
    """Copies are told apart so that nobody looks for identities there: payloads are held against it above."""
    assert [name for name, table in TABLES.items() if table.has(Kind.COPY) and table.has(Kind.IDENTIFIES)] == []
