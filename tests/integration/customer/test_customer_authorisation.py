"""Every route of the Customer API against every kind of caller, and every object against everybody else's token.

The expectations are written down here, route by route: a new route without one fails.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from api.customer.app import API
from api.kit.routes import Role, Route
from api.kit.tokens import mint_access_token
from loyalty.clock import system_clock
from loyalty.services.merchants import issue_key
from loyalty.store import referrals
from loyalty.store.database import Pool
from schemas.admin.merchants import NewMerchantKey
from tests.integration.customer.conftest import Shop, count_rows
from tests.support.admin_api import TESTER
from tests.support.apis import SIGNING_KEY, Client, Reply
from tests.support.rows import add_member, add_redemption, add_transaction

ANYONE = {"POST /register", "POST /login", "POST /refresh", "POST /logout"}
MEMBERS = {
    "GET /profile",
    "PATCH /profile",
    "DELETE /profile",
    "GET /export",
    "GET /points",
    "GET /points/balance",
    "POST /transfers",
    "POST /transaction",
    "GET /transactions",
    "GET /transactions/{transaction_id}",
    "GET /transactions/{transaction_id}/receipt",
    "GET /rewards",
    "POST /redeem",
    "GET /redemptions",
    "GET /redemptions/{redemption_id}",
    "GET /referrals",
    "GET /events",
}
OF_ALL = {"GET /rewards"}
"""Lists of what the program offers: the same for every member."""


@dataclass(frozen=True, slots=True)
class Owned:
    """What one member has: an object for each parameter of a path."""

    member_id: UUID
    ids: Mapping[str, UUID]


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


PRIVATE = [route for route in API.routes if not route.access.public]
BY_ID = [route for route in PRIVATE if "{" in route.path]
LISTS = [
    route
    for route in PRIVATE
    if named(route) not in OF_ALL
    and any(model and "next_cursor" in model.model_fields for model in route.answers.values())
]


@pytest.fixture
async def owned(shop: Shop, rows: Pool) -> Owned:
    async with rows.acquire() as conn:
        await referrals.insert(conn, await add_member(conn), shop.member_id, system_clock())
        return Owned(
            shop.member_id,
            {
                "transaction_id": await add_transaction(conn, shop.member_id, shop.merchant_id),
                "redemption_id": await add_redemption(conn, shop.member_id, shop.reward_id),
            },
        )


async def ask(client: Client, route: Route, ids: Mapping[str, UUID]) -> Reply:
    """The request with an empty body: who may not ask is told so whatever was asked."""
    path = re.sub(r"\{(\w+)\}", lambda found: str(ids[found[1]]), route.path)
    headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(8)}
    return await client.send(route.method, path, headers=headers, data=None if route.method == "GET" else b"{}")


def test_every_route_has_an_expectation() -> None:
    assert {named(route) for route in API.routes if route.access.public} == ANYONE
    assert {named(route) for route in PRIVATE} == MEMBERS


async def strangers(shop: Shop, rows: Pool) -> dict[str, str | None]:
    """Tokens that prove nothing here."""
    async with rows.acquire() as conn, conn.transaction():
        command = NewMerchantKey.model_validate({"scopes": ["transactions:write"]}, strict=False)
        key = await issue_key(conn, shop.merchant_id, command, TESTER, system_clock)
    member = shop.member_id
    other_key = SecretStr(secrets.token_urlsafe(32))
    unsigned = mint_access_token(SIGNING_KEY, member, "customer", seconds=600).rpartition(".")[0] + "."
    return {
        "no token": None,
        "nonsense": "nonsense",
        "expired": mint_access_token(SIGNING_KEY, member, "customer", seconds=-1),
        "signed by another": mint_access_token(other_key, member, "customer", seconds=600),
        "not signed": unsigned,
        "an administrator's": mint_access_token(SIGNING_KEY, member, "admin", seconds=600, role=Role.ADMIN),
        "a viewer's": mint_access_token(SIGNING_KEY, member, "admin", seconds=600, role=Role.VIEWER),
        "a merchant's key": key.secret,
        "of nobody": mint_access_token(SIGNING_KEY, uuid4(), "customer", seconds=600),
    }


async def test_who_is_no_member_gets_nowhere(client: Client, shop: Shop, owned: Owned, rows: Pool) -> None:
    tokens, before, wrong = await strangers(shop, rows), await count_rows(rows), {}
    for what, token in tokens.items():
        caller = Client(client.session, client.url, client.prefix, token, client.contract)
        for route in PRIVATE:
            reply = await ask(caller, route, owned.ids)
            # a request that is not valid may be told so before its member is looked for in the database
            allowed = {401, 422} if what == "of nobody" and route.method != "GET" else {401}
            if reply.status not in allowed or (reply.status == 401 and "WWW-Authenticate" not in reply.headers):
                wrong[what, named(route)] = reply.status
    assert wrong == {}
    assert await count_rows(rows) == before


async def test_a_member_is_let_in_everywhere_and_public_routes_ask_for_no_token(
    client: Client, owned: Owned, rows: Pool
) -> None:
    mine, wrong = client.as_member(owned.member_id), {}
    for route in API.routes:
        if route.streams or named(route) == "DELETE /profile":
            continue
        for caller in (mine, *([client] if route.access.public else [])):
            reply = await ask(caller, route, owned.ids)
            if reply.status in (401, 403, 404) or reply.status >= 500:
                wrong[named(route)] = reply.status
    assert wrong == {}


@pytest.mark.parametrize("status", ["suspended", "erased"])
async def test_whose_membership_ended_gets_nowhere_with_a_token_from_before(
    client: Client, owned: Owned, rows: Pool, status: str
) -> None:
    await rows.execute("update member set status = $2 where id = $1", owned.member_id, status)
    before, wrong = await count_rows(rows), {}
    for route in PRIVATE:
        reply = await ask(client.as_member(owned.member_id), route, owned.ids)
        if reply.status not in (401, 403) and not (reply.status == 422 and route.method != "GET"):
            wrong[named(route)] = reply.status
    assert wrong == {}
    assert await count_rows(rows) == before


@pytest.mark.parametrize("route", BY_ID, ids=named)
async def test_what_is_anothers_is_not_there(client: Client, owned: Owned, rows: Pool, route: Route) -> None:
    async with rows.acquire() as conn:
        other = await add_member(conn)
    theirs = await ask(client.as_member(other), route, owned.ids)
    nobodys = await ask(client.as_member(other), route, dict.fromkeys(owned.ids, uuid4()))
    assert (await ask(client.as_member(owned.member_id), route, owned.ids)).status == 200
    assert (theirs.status, theirs.code) == (404, "not_found")
    assert _without_ids(theirs.body) == _without_ids(nobodys.body), "it can be told from one that does not exist"


@pytest.mark.parametrize("route", LISTS, ids=named)
async def test_lists_have_nothing_of_others(client: Client, owned: Owned, rows: Pool, route: Route) -> None:
    async with rows.acquire() as conn:
        other = await add_member(conn)
    assert len((await ask(client.as_member(owned.member_id), route, {})).body["data"]) == 1
    assert (await ask(client.as_member(other), route, {})).body["data"] == []


def _without_ids(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "request_id"}
