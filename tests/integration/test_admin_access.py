"""Who may call what: the table of routes against every kind of caller, on a real port."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from api.admin.routes import ROUTES
from api.kit.routes import Route
from api.kit.tokens import mint_access_token
from loyalty.clock import new_id
from tests.support.admin_api import AdminApi, Client, admin_api

SOME_ID = "01890000-0000-7000-8000-000000000000"

ANYONE = "POST /login, POST /logout, POST /refresh"
VIEWER = """
    GET /admins, GET /audit-log, GET /dead-letters, GET /earning-rules, GET /event-types, GET /earning-rules/replays,
    GET /earning-rules/replays/{replay_id}, GET /earning-rules/{rule_id}, GET /earning-rules/{rule_id}/trial,
    GET /me, GET /members, GET /members/{member_id}, GET /members/{member_id}/balance,
    GET /events, GET /members/{member_id}/timeline,
    GET /members/{member_id}/ledger, GET /merchants,
    GET /merchants/{merchant_id}, GET /merchants/{merchant_id}/keys,
    GET /merchants/{merchant_id}/signing-keys, GET /parked-keys, GET /pipeline,
    GET /program, GET /program/points,
    GET /redemptions, GET /redemptions/{redemption_id}, GET /reports/overview, GET /reports/cohorts,
    GET /reports/rates, GET /reports/expiry, GET /reports/rollforward, GET /reports/liability, GET /rewards,
    GET /rewards/{reward_id}, GET /referrals, GET /referrals/terms,
    GET /rewards/{reward_id}/vouchers, GET /transactions/{transaction_id}/refunds, GET /tiers, GET /transactions,
    GET /transactions/{transaction_id}, GET /webhooks, GET /webhooks/{webhook_id},
    GET /webhooks/{webhook_id}/deliveries, GET /webhook-deliveries/{delivery_id}, POST /earning-rules/simulate
"""
OPERATOR = """
    PATCH /members/{member_id}, PATCH /rewards/{reward_id}, POST /members, POST /members/{member_id}/adjustments,
    POST /members/{member_id}/transfers, POST /redemptions/{redemption_id}/cancel,
    POST /redemptions/{redemption_id}/confirm, POST /redemptions/{redemption_id}/release, POST /rewards,
    POST /rewards/{reward_id}/vouchers, POST /transactions/{transaction_id}/refunds, POST /transactions/import
"""
ADMIN = """
    PATCH /admins/{admin_id}, POST /members/{member_id}/erasure,
    PATCH /merchants/{merchant_id}, PATCH /program, POST /admins,
    POST /dead-letters/{dead_letter_id}/requeue, POST /dead-letters/{dead_letter_id}/skip, POST /earning-rules,
    POST /event-types,
    POST /earning-rules/replays, POST /earning-rules/replays/{replay_id}/cancel, POST /earning-rules/{rule_id}/try,
    POST /earning-rules/{rule_id}/activate, POST /earning-rules/{rule_id}/retire,
    POST /earning-rules/{rule_id}/versions, POST /merchants, POST /merchants/{merchant_id}/keys,
    POST /merchants/{merchant_id}/keys/{key_id}/revoke, POST /merchants/{merchant_id}/keys/{key_id}/rotate,
    POST /merchants/{merchant_id}/signing-keys, POST /merchants/{merchant_id}/signing-keys/{key_id}/rotate,
    POST /merchants/{merchant_id}/signing-keys/{key_id}/revoke,
    POST /parked-keys/requeue, POST /parked-keys/skip, PUT /program/points, PUT /referrals/terms, PUT /tiers,
    POST /webhooks, PATCH /webhooks/{webhook_id}, DELETE /webhooks/{webhook_id},
    POST /webhooks/{webhook_id}/rotate-secret, POST /webhooks/{webhook_id}/ping,
    POST /webhook-deliveries/{delivery_id}/redeliver
"""
IMPORTER = "POST /transactions/import"
REFUNDER = "POST /transactions/{transaction_id}/refunds"
MERCHANT = f"""
    {REFUNDER}, {IMPORTER}, POST /redemptions/{{redemption_id}}/confirm, POST /redemptions/{{redemption_id}}/release,
    POST /transactions, POST /events
"""

UNKNOWN = "unknown"
"""Callers whose token proves nothing here: 401 on every route that is not public."""
CALLERS = (UNKNOWN, "viewer", "operator", "admin", "merchant")
MAY_CALL = {
    UNKNOWN: ANYONE,
    "viewer": f"{ANYONE}, {VIEWER}",
    "operator": f"{ANYONE}, {VIEWER}, {OPERATOR}",
    "admin": f"{ANYONE}, {VIEWER}, {OPERATOR}, {ADMIN}",
    "merchant": f"{ANYONE}, {MERCHANT}",
    "refunder": f"{ANYONE}, {REFUNDER}",
}


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def listed(text: str) -> set[str]:
    return {" ".join(name.split()) for name in text.split(",")}


async def clients(api: AdminApi) -> list[tuple[str, str, Client]]:
    """(what it is, as which caller it counts, the client)."""
    key = await api.add_merchant_key("transactions:write", "refunds:write", "redemptions:write", "events:write")
    gone = await api.add_admin("admin")
    refunder = await api.add_merchant_key("refunds:write")
    async with api.pool.acquire() as conn:
        await conn.execute("update admin set active = false where id = $1", gone.admin_id)
    signing_key, prefix = api.settings.signing_key, key.secret.rpartition("_")[0]
    unknown = {
        "no token": None,
        "garbage": "abc.def.ghi",
        "expired": api.token(api.admins["admin"], "admin", seconds=-1),
        "customer token": mint_access_token(signing_key, new_id(), "customer", seconds=900),
        "admin of no account": api.token(new_id(), "admin"),
        "inactive admin": api.token(gone.admin_id, "admin"),
        "wrong secret": f"{prefix}_{'0' * 64}",
        "unknown key": f"lk_000000000000_{'0' * 64}",
        "empty key": "lk_",
    }
    return [
        *((what, UNKNOWN, api.client(token)) for what, token in unknown.items()),
        *((role, role, api.as_role(role)) for role in api.admins),
        ("viewer who says admin", "viewer", api.client(api.token(api.admins["viewer"], "admin"))),
        ("merchant", "merchant", api.client(key.secret)),
        ("merchant that may only refund", "refunder", api.client(refunder.secret)),
    ]


def test_the_table_gives_each_role_what_it_should() -> None:
    known = {named(route): route for route in ROUTES}
    assert set(known) == listed(f"{MAY_CALL['admin']}, {MERCHANT}")
    assert {name for name, route in known.items() if route.access.public} == listed(ANYONE)


async def test_every_route_refuses_and_admits_as_the_table_says(api: AdminApi) -> None:
    callers = await clients(api)
    before, wrong = await api.count_rows(), {}
    for route in ROUTES:
        path = re.sub(r"\{\w+\}", SOME_ID, route.path)
        for what, caller, client in callers:
            reply = await client.send(route.method, path, None if route.method == "GET" else {})
            admitted = named(route) in listed(MAY_CALL.get(caller, ANYONE))
            expected = {401} if caller == UNKNOWN else {403}
            fits = reply.status not in (401, 403) and reply.status < 500 if admitted else {reply.status} == expected
            if not fits and not (named(route) in listed(ANYONE) and reply.status < 500):
                wrong[named(route), what] = reply.status
    assert wrong == {}
    assert await api.count_rows() == before


async def test_a_refusal_for_want_of_a_token_says_how_to_sign_in(api: AdminApi) -> None:
    reply = await api.client().get("/me")
    assert (reply.status, reply.code) == (401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert reply.headers["Content-Type"] == "application/problem+json"


async def test_a_role_that_was_lowered_holds_at_once(api: AdminApi) -> None:
    helper = await api.add_admin("admin")
    client = api.client(api.token(helper.admin_id, "admin"))
    assert (await client.patch("/program", {"name": "Ours"})).status == 200
    assert (await api.admin.patch(f"/admins/{helper.admin_id}", {"role": "viewer"})).status == 200
    assert (await client.patch("/program", {"name": "Theirs"})).status == 403
    assert (await api.admin.patch(f"/admins/{helper.admin_id}", {"active": False})).status == 200
    assert (await client.get("/me")).status == 401
