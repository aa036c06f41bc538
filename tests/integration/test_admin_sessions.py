"""Signing in to the Admin API, staying signed in, signing out, and being shut out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from schemas.admin.access import Admin
from tests.support.admin_api import AdminApi, admin_api
from tests.support.apis import Reply

PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url, login_limit_per_minute=12) as running:
        yield running


async def login(api: AdminApi, admin: Admin, password: str = PASSWORD) -> Reply:
    return await api.client().post("/login", {"email": admin.email.upper(), "password": password})


async def test_signing_in_gives_a_session_that_knows_who_it_is(api: AdminApi) -> None:
    admin = await api.add_admin("operator", HASH)
    reply = await login(api, admin)
    assert reply.status == 200
    assert reply.body["admin"]["role"] == "operator"
    me = await api.client(reply.body["access_token"]).get("/me")
    assert me.body["admin_id"] == str(admin.admin_id)
    [entry] = await api.audited()
    assert (entry["action"], entry["actor_id"]) == ("admin.signed_in", str(admin.admin_id))
    assert PASSWORD not in str(entry)


async def test_a_wrong_password_and_an_unknown_email_are_one_answer(api: AdminApi) -> None:
    admin = await api.add_admin("admin", HASH)
    wrong = await login(api, admin, "wrong")
    unknown = await api.client().post("/login", {"email": "nobody@example.com", "password": "wrong"})
    assert wrong.status == unknown.status == 401
    assert {**wrong.body, "request_id": ""} == {**unknown.body, "request_id": ""}
    assert wrong.code == "invalid_credentials"


async def test_an_inactive_administrator_cannot_sign_in(api: AdminApi) -> None:
    admin = await api.add_admin("admin", HASH)
    session = (await login(api, admin)).body
    assert (await api.admin.patch(f"/admins/{admin.admin_id}", {"active": False})).status == 200
    assert (await login(api, admin)).code == "invalid_credentials"
    carried = await api.client().post("/refresh", {"refresh_token": session["refresh_token"]})
    assert (carried.status, carried.code) == (401, "invalid_refresh_token")


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(api: AdminApi) -> None:
    first = (await login(api, await api.add_admin("admin", HASH))).body["refresh_token"]
    second = (await api.client().post("/refresh", {"refresh_token": first})).body["refresh_token"]
    assert (await api.client().post("/refresh", {"refresh_token": first})).status == 401
    assert (await api.client().post("/refresh", {"refresh_token": second})).status == 401


async def test_signing_out_ends_the_session(api: AdminApi) -> None:
    token = (await login(api, await api.add_admin("admin", HASH))).body["refresh_token"]
    assert (await api.client().post("/logout", {"refresh_token": token})).status == 204
    assert (await api.client().post("/refresh", {"refresh_token": token})).status == 401


async def test_guessing_passwords_is_stopped(api: AdminApi) -> None:
    admin = await api.add_admin("admin", HASH)
    replies = [await login(api, admin, f"guess {n}") for n in range(14)]
    assert [reply.status for reply in replies[-2:]] == [429, 429]
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert (await login(api, admin)).status == 429


async def test_a_new_password_ends_the_old_sessions(api: AdminApi) -> None:
    admin = await api.add_admin("viewer", HASH)
    token = (await login(api, admin)).body["refresh_token"]
    changed = await api.admin.patch(f"/admins/{admin.admin_id}", {"password": "another long password"})
    assert changed.status == 200
    assert (await api.client().post("/refresh", {"refresh_token": token})).status == 401
    assert (await login(api, admin)).status == 401
    assert (await login(api, admin, "another long password")).status == 200
    actions = [entry["action"] for entry in await api.audited()]
    assert "admin.password_changed" in actions
    assert "another long password" not in str(await api.audited())
    assert "argon2" not in str(await api.audited())


async def test_administrators_are_made_and_listed_without_secrets(api: AdminApi) -> None:
    new = {"email": "eve@laurel.example", "name": "Eve", "role": "viewer", "password": "a long enough one"}
    created = await api.admin.post("/admins", new)
    assert (created.status, created.body["role"]) == (201, "viewer")
    assert (await api.admin.post("/admins", {**new, "email": "EVE@laurel.example"})).code == "email_taken"
    shown = (await api.as_role("viewer").get("/admins")).body["data"]
    assert shown[0]["email"] == "eve@laurel.example"
    assert all("password" not in key for admin in shown for key in admin)


async def test_a_short_password_is_named_and_never_echoed(api: AdminApi) -> None:
    new = {"email": "eve@laurel.example", "name": "Eve", "role": "viewer", "password": "hunter2"}
    before = await api.count_rows()
    reply = await api.admin.post("/admins", new)
    assert (reply.status, reply.pointers) == (422, ["/password"])
    assert "hunter2" not in str(reply.body)
    assert await api.count_rows() == before


async def test_the_last_admin_stays(api: AdminApi) -> None:
    path = f"/admins/{api.admins['admin']}"
    assert (await api.admin.patch(path, {"role": "viewer"})).code == "last_admin"
    assert (await api.admin.patch(path, {"active": False})).code == "last_admin"
    other = await api.add_admin("admin")
    assert (await api.admin.patch(f"/admins/{other.admin_id}", {"active": False})).status == 200
    assert (await api.admin.patch(path, {"role": "viewer"})).code == "last_admin"


async def test_two_admins_who_demote_each_other_at_once_leave_one(api: AdminApi) -> None:
    other = await api.add_admin("admin")
    one, two = api.admin, api.client(api.token(other.admin_id, "admin"))
    replies = await asyncio.gather(
        one.patch(f"/admins/{other.admin_id}", {"role": "viewer"}),
        two.patch(f"/admins/{api.admins['admin']}", {"role": "viewer"}),
    )
    assert 200 in {reply.status for reply in replies}
    async with api.pool.acquire() as conn:
        assert await conn.fetchval("select count(*) from admin where role = 'admin' and active") == 1
