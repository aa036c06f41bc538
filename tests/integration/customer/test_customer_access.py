"""Joining, signing in, refresh families, signing out."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest

from api.customer.app import create_app
from api.kit.tokens import mint_access_token
from loyalty.settings import Settings
from loyalty.store.database import Pool
from tests.integration.customer.conftest import PREFIX, count_rows
from tests.support.apis import SIGNING_KEY, Client, Reply, client_of, serving

ADA = {"email": "ada@example.com", "password": "correct horse", "name": "Ada"}
SIGN_IN = {"email": ADA["email"], "password": ADA["password"]}


async def _refresh(client: Client, session: Reply) -> Reply:
    return await client.post("/refresh", {"refresh_token": session.body["refresh_token"]})


async def test_who_joins_can_sign_in_and_look(client: Client, rows: Pool) -> None:
    joined = await client.post("/register", ADA)
    session = await client.post("/login", {**SIGN_IN, "email": "ADA@Example.com"})
    member = client.signed_in(session.body["access_token"])

    assert (joined.status, session.status) == (201, 200)
    assert (await member.get("/profile")).body == joined.body
    points = (await member.get("/points")).body
    assert (points["available"], points["tier"]["code"], points["version"]) == (0, "base", 0)
    assert {**(await member.get("/points/balance")).body, "as_of": ""} == {**points, "as_of": ""}
    event = await rows.fetchrow("select topic, key, payload from outbox")
    assert (event["topic"], event["key"]) == ("member.registered", joined.body["member_id"])
    assert "ada" not in event["payload"].decode().lower()
    assert "correct horse" not in await rows.fetchval("select password_hash from member")


async def test_an_email_joins_once(client: Client, rows: Pool) -> None:
    replies = await asyncio.gather(*[client.post("/register", {**ADA, "email": email}) for email in _spellings()])
    assert sorted(reply.status for reply in replies) == [201, 409, 409]
    assert {reply.code for reply in replies if reply.status == 409} == {"email_taken"}
    assert await rows.fetchval("select count(*) from wallet") == 1


def _spellings() -> list[str]:
    return ["ada@example.com", "Ada@example.com", "ADA@EXAMPLE.COM"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"email": "ada"}, "/email"),
        ({"email": "a" * 400 + "@example.com"}, "/email"),
        ({"password": "short"}, "/password"),
        ({"password": "x" * 201}, "/password"),
        ({"name": "   "}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"status": "active"}, "/status"),
    ],
)
async def test_who_cannot_join_writes_nothing(
    client: Client, rows: Pool, changed: dict[str, str], pointer: str
) -> None:
    before = await count_rows(rows)
    reply = await client.post("/register", {**ADA, **changed})
    assert (reply.status, reply.pointers) == (422, [pointer])
    assert ADA["password"] not in json.dumps(reply.body)
    assert await count_rows(rows) == before


async def test_a_refused_sign_in_does_not_tell_whether_there_is_an_account(client: Client, rows: Pool) -> None:
    await client.post("/register", ADA)
    await client.post("/register", {**ADA, "email": "bob@example.com"})
    await rows.execute("update member set password_hash = null where email = 'bob@example.com'")
    replies = [
        await client.post("/login", {**SIGN_IN, "password": "wrong horse"}),
        await client.post("/login", {**SIGN_IN, "email": "nobody@example.com"}),
        await client.post("/login", {**SIGN_IN, "email": "bob@example.com"}),
        await client.post("/login", {**SIGN_IN, "email": "not an address"}),
    ]
    for reply in replies:
        assert (reply.status, reply.code) == (401, "invalid_credentials")
    shown = [{**reply.body, "request_id": ""} for reply in replies]
    assert shown == [shown[0]] * 4
    assert {frozenset(reply.headers) for reply in replies} == {frozenset(replies[0].headers)}


async def test_a_suspended_member_is_told_so_only_with_the_right_password(client: Client, rows: Pool) -> None:
    await client.post("/register", ADA)
    session = await client.post("/login", SIGN_IN)
    await rows.execute("update member set status = 'suspended'")
    right = await client.post("/login", SIGN_IN)
    wrong = await client.post("/login", {**SIGN_IN, "password": "wrong horse"})
    refreshed = await _refresh(client, session)
    assert [reply.status for reply in (right, wrong, refreshed)] == [403, 401, 403]


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(client: Client) -> None:
    await client.post("/register", ADA)
    first = await client.post("/login", SIGN_IN)
    other_session = await client.post("/login", SIGN_IN)
    second = await _refresh(client, first)
    third = await _refresh(client, second)
    reused = await _refresh(client, first)
    after = await _refresh(client, third)

    assert [reply.status for reply in (second, third, reused, after)] == [200, 200, 401, 401]
    assert (await client.signed_in(third.body["access_token"]).get("/profile")).status == 200
    assert (await _refresh(client, other_session)).status == 200


async def test_of_two_refreshes_at_once_one_is_the_second(client: Client, rows: Pool) -> None:
    await client.post("/register", ADA)
    session = await client.post("/login", SIGN_IN)
    replies = await asyncio.gather(*[_refresh(client, session) for _ in range(8)])
    assert sorted(reply.status for reply in replies) == [200] + [401] * 7
    assert await rows.fetchval("select count(*) from refresh_token where revoked_at is null") == 0


async def test_expired_and_foreign_refresh_tokens_are_refused(client: Client, rows: Pool) -> None:
    await client.post("/register", ADA)
    session = await client.post("/login", SIGN_IN)
    await rows.execute("update refresh_token set subject_kind = 'admin'")
    assert (await _refresh(client, session)).status == 401
    await rows.execute("update refresh_token set subject_kind = 'member', expires_at = now()")
    assert (await _refresh(client, session)).status == 401
    stored = await rows.fetchval("select token_hash from refresh_token")
    assert session.body["refresh_token"].encode() != stored


async def test_signing_out_ends_the_session_for_good(client: Client) -> None:
    await client.post("/register", ADA)
    session = await client.post("/login", SIGN_IN)
    token = {"refresh_token": session.body["refresh_token"]}
    assert [(await client.post("/logout", token)).status for _ in range(2)] == [204, 204]
    assert (await _refresh(client, session)).status == 401
    assert (await client.post("/logout", {"refresh_token": "unknown"})).status == 204


async def test_sign_ins_are_limited_per_account_and_per_address(settings: Settings) -> None:
    limited = settings.model_copy(update={"login_limit_per_minute": 3})
    async with serving(create_app(limited)) as url, client_of(url, PREFIX) as client:
        replies = [await client.post("/login", SIGN_IN) for _ in range(4)]
        other_account = await client.post("/login", {**SIGN_IN, "email": "bob@example.com"})
    assert [reply.status for reply in replies] == [401, 401, 401, 429]
    assert other_account.status == 429
    assert int(replies[-1].headers["Retry-After"]) == replies[-1].body["retry_after_seconds"] > 0


PRIVATE = ("/profile", "/points", "/points/balance", "/transactions", "/rewards", "/redemptions", "/events", "/export")


async def test_every_private_route_asks_for_a_members_token(client: Client) -> None:
    stranger, unborn = uuid4(), uuid4()
    tokens = {
        "none": None,
        "nonsense": "nonsense",
        "expired": mint_access_token(SIGNING_KEY, stranger, "customer", seconds=-1),
        "an administrator's": mint_access_token(SIGNING_KEY, stranger, "admin", seconds=60),
        "of nobody": mint_access_token(SIGNING_KEY, unborn, "customer", seconds=60),
    }
    for name, token in tokens.items():
        caller = Client(client.session, client.url, client.prefix, token, client.contract)
        replies = [await caller.get(path) for path in PRIVATE]
        replies.append(await caller.post("/redeem", {"reward_id": str(uuid4())}))
        assert {reply.status for reply in replies} == {401}, name
        assert {reply.headers["WWW-Authenticate"] for reply in replies} == {"Bearer"}
