"""Every route that changes something leaves one row in the audit log: who, what, from where, in which request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.admin.routes import ROUTES
from loyalty.clock import system_clock
from tests.support.admin_api import PREFIX, AdminApi, Client, admin_api
from tests.support.apis import Reply
from tests.support.points import Shop, redeem
from tests.support.rows import add_dead_letter, add_reward

CHANGES_NOTHING = {"POST /refresh", "POST /logout", "POST /earning-rules/simulate"}
RULE: dict[str, Any] = {"name": "Base", "effect": {"type": "points_per_amount", "points": "1", "per": "1"}}
PASSWORD = "planted-password-Zx81"


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


class Operator:
    """Does everything once, in an order in which it can be done, and notes what each route audited."""

    def __init__(self, api: AdminApi) -> None:
        self.api = api
        self.audited: dict[str, list[str]] = {}
        self.secrets: list[str] = []

    async def do(self, route: str, body: Any = None, client: Client | None = None, **ids: str) -> Reply:
        """Calls a route of the table, which must succeed and be audited under this request."""
        before = len(await self.api.audited())
        method, path = route.split(" ")
        caller = client or self.api.admin
        reply = await caller.send(method, path.format(**ids), body)
        assert reply.status in (200, 201, 202, 204), (route, reply.body)
        entries = (await self.api.audited())[before:]
        assert {entry["request_id"] for entry in entries} == {reply.headers["X-Request-Id"]}
        assert {entry["address"] for entry in entries} == {"127.0.0.1"}
        for entry in entries:
            _check_states(method, entry)
        self.audited[route] = [entry["action"] for entry in entries]
        return reply

    async def manage_merchants(self) -> None:
        member = await self.do("POST /members", {"external_id": "card-1"})
        member_id = member.body["member_id"]
        await self.do("POST /members/{member_id}/adjustments", {"points": 5, "reason": "gift"}, member_id=member_id)
        await self.do("PATCH /members/{member_id}", {"name": "Ada"}, member_id=member_id)
        leaving = (await self.api.admin.post("/members", {"external_id": "card-2"})).body["member_id"]
        await self.do("POST /members/{member_id}/erasure", {"reason": "duplicate"}, member_id=leaving)
        merchant = (await self.do("POST /merchants", {"name": "Shop"})).body["merchant_id"]
        await self.do("PATCH /merchants/{merchant_id}", {"name": "Store"}, merchant_id=merchant)
        first = await self.do(
            "POST /merchants/{merchant_id}/keys", {"scopes": ["transactions:write"]}, merchant_id=merchant
        )
        rotated = await self.do(
            "POST /merchants/{merchant_id}/keys/{key_id}/rotate", merchant_id=merchant, key_id=first.body["key_id"]
        )
        signing = await self.do("POST /merchants/{merchant_id}/signing-keys", merchant_id=merchant)
        ids = {"merchant_id": merchant, "key_id": signing.body["key_id"]}
        replaced = await self.do("POST /merchants/{merchant_id}/signing-keys/{key_id}/rotate", **ids)
        ids["key_id"] = replaced.body["key_id"]
        await self.do("POST /merchants/{merchant_id}/signing-keys/{key_id}/revoke", **ids)
        self.secrets += [reply.body["private_key"]["d"] for reply in (signing, replaced)]
        sale = {"member_id": member_id, "amount": "5.00", "currency": "GBP"}
        await self.do("POST /transactions", sale, self.api.client(rotated.body["secret"]))
        await self.import_file(rotated.body["secret"], member_id)
        await self.do(
            "POST /merchants/{merchant_id}/keys/{key_id}/revoke", merchant_id=merchant, key_id=rotated.body["key_id"]
        )
        self.secrets += [reply.body["secret"].rpartition("_")[2] for reply in (first, rotated)]

    async def import_file(self, key: str, member_id: str) -> None:
        """The one route whose body is not JSON."""
        before, route = len(await self.api.audited()), "POST /transactions/import"
        line = f'{{"member_id": "{member_id}", "external_id": "R-1", "amount": "1.00", "currency": "GBP"}}'
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        async with self.api.http.post(
            self.api.url + PREFIX + route.split(" ")[1], data=line, headers=headers
        ) as answer:
            assert (await answer.text()).count('"recorded"') == 2
            self.audited[route] = [entry["action"] for entry in (await self.api.audited())[before:]]

    async def manage_the_program(self) -> None:
        rule_id = (await self.do("POST /earning-rules", RULE)).body["rule_id"]
        await self.do("POST /earning-rules/{rule_id}/versions", RULE, rule_id=rule_id)
        await self.do("POST /earning-rules/{rule_id}/try", rule_id=rule_id)
        await self.do("POST /earning-rules/{rule_id}/activate", rule_id=rule_id)
        await self.do("POST /earning-rules/{rule_id}/retire", rule_id=rule_id)
        await self.do("POST /event-types", {"code": "walk", "name": "A walk"})
        walker = await self.api.add_merchant_key("events:write")
        member_id = (await self.api.admin.post("/members", {"external_id": "walker"})).body["member_id"]
        walk = {"event_type": "walk", "member_id": member_id}
        await self.do("POST /events", walk, self.api.client(walker.secret))
        replay_id = (await self.do("POST /earning-rules/replays", {"rules": [RULE]})).body["replay_id"]
        await self.do("POST /earning-rules/replays/{replay_id}/cancel", replay_id=replay_id)
        reward_id = (await self.do("POST /rewards", {"name": "Mug", "points_cost": 5})).body["reward_id"]
        await self.do("PATCH /rewards/{reward_id}", {"points_cost": 6}, reward_id=reward_id)
        await self.do("PATCH /program", {"name": "Ours"})
        await self.do("PUT /program/points", {"pending_days": 3})
        base = {"code": "base", "name": "Friend", "rank": 0, "threshold_points": 0}
        await self.do("PUT /tiers", {"tiers": [base]})
        for decision in ("requeue", "skip"):
            await self.do(f"POST /dead-letters/{{dead_letter_id}}/{decision}", dead_letter_id=await self._dead_letter())

        for decision in ("requeue", "skip"):
            await self.api.park_key("some-member")
            await self.do(f"POST /parked-keys/{decision}", {"topic": "points.earned", "key": "some-member"})

    async def manage_points(self) -> None:
        async with self.api.pool.acquire() as conn:
            shop = await Shop.open(conn, transfers={"enabled": True})
            shop.now = system_clock()
            member, friend = await shop.member(), await shop.member()
            transaction = await shop.buy(member, 100)
            flight = await add_reward(conn, 5, confirm_seconds=600)
            voucher = await add_reward(conn, 5, voucher_source="uploaded")
            reserved = [await redeem(shop, member, flight) for _ in range(3)]
        transfer = {"to_member_id": str(friend), "points": 5}
        await self.do("POST /members/{member_id}/transfers", transfer, member_id=str(member))
        await self.do("PUT /referrals/terms", {"purchases": 2})
        refund = {"amount": "10.00", "reason": "broken"}
        await self.do("POST /transactions/{transaction_id}/refunds", refund, transaction_id=str(transaction))
        await self.do("POST /rewards/{reward_id}/vouchers", {"codes": ["A-1"]}, reward_id=str(voucher))
        bodies: dict[str, dict[str, str]] = {"confirm": {}, "release": {"reason": "full"}, "cancel": {"reason": "late"}}
        for redemption, (verb, body) in zip(reserved, bodies.items(), strict=True):
            await self.do(f"POST /redemptions/{{redemption_id}}/{verb}", body, redemption_id=str(redemption))

    async def manage_webhooks(self) -> None:
        created = await self.do("POST /webhooks", {"url": "https://example.com/hook"})
        webhook_id = created.body["webhook_id"]
        rotated = await self.do("POST /webhooks/{webhook_id}/rotate-secret", webhook_id=webhook_id)
        await self.do("PATCH /webhooks/{webhook_id}", {"description": "ours"}, webhook_id=webhook_id)
        delivery = await self.do("POST /webhooks/{webhook_id}/ping", webhook_id=webhook_id)
        async with self.api.pool.acquire() as conn:
            await conn.execute("update webhook_delivery set status = 'failed', next_attempt_at = null")
        ids = {"delivery_id": delivery.body["delivery_id"]}
        await self.do("POST /webhook-deliveries/{delivery_id}/redeliver", **ids)
        await self.do("DELETE /webhooks/{webhook_id}", webhook_id=webhook_id)
        self.secrets += [reply.body["secret"] for reply in (created, rotated)]

    async def manage_administrators(self) -> None:
        new = {"email": "eve@laurel.example", "name": "Eve", "role": "viewer", "password": PASSWORD}
        admin_id = (await self.do("POST /admins", new)).body["admin_id"]
        await self.do("PATCH /admins/{admin_id}", {"name": "Eva"}, admin_id=admin_id)
        session = await self.do("POST /login", {"email": new["email"], "password": PASSWORD}, self.api.client())
        self.secrets += [PASSWORD, session.body["access_token"], session.body["refresh_token"], "$argon2id$"]

    async def _dead_letter(self) -> str:
        async with self.api.pool.acquire() as conn:
            return str(await add_dead_letter(conn))


def _check_states(method: str, entry: dict[str, Any]) -> None:
    """What was there before and is after, as far as it differs."""
    before, after = entry["before"], entry["after"]
    match method:
        case "PATCH" | "PUT":
            assert before.keys() == after.keys() != set(), entry
            assert all(before[name] != after[name] for name in before), entry
        case "DELETE":
            assert (bool(before), after) == (True, None), entry
        case _:
            assert after is not None or entry["action"] == "admin.signed_in", entry


async def test_every_change_is_audited_once_and_no_secret_with_it(api: AdminApi) -> None:
    operator = Operator(api)
    await operator.manage_merchants()
    await operator.manage_the_program()
    await operator.manage_points()
    await operator.manage_administrators()
    await operator.manage_webhooks()
    changing = {f"{route.method} {route.path}" for route in ROUTES if route.method != "GET"} - CHANGES_NOTHING
    assert set(operator.audited) == changing
    for kind, made in (("keys", "merchant_key.issued"), ("signing-keys", "signing_key.added")):
        twice = operator.audited.pop(f"POST /merchants/{{merchant_id}}/{kind}/{{key_id}}/rotate")
        assert twice == [made.partition(".")[0] + ".revoked", made]
    assert {route: len(actions) for route, actions in operator.audited.items()} == dict.fromkeys(operator.audited, 1)
    everything = str(await api.audited())
    assert [secret for secret in operator.secrets if secret in everything] == []


async def test_a_change_that_fails_is_not_audited(api: AdminApi) -> None:
    await api.admin.post("/members", {"external_id": "card-1"})
    before = await api.count_rows()
    assert (await api.admin.post("/members", {"external_id": "card-1"})).status == 409
    assert (await api.admin.patch("/program", {"currency": "ZZZ"})).status == 422
    assert await api.count_rows() == before
