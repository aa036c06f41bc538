"""A day of an operator, with every process real: from the first sign-in to a purchase explained in the ledger."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from loyalty.domain.webhook import sign
from tests.support.admin_api import Client
from tests.support.receiver import receiving
from tests.support.system import System
from tests.support.worker_rig import CONSUMED_TOPICS

pytestmark = pytest.mark.timeout(240)

EMAIL, PASSWORD = "first@laurel.example", "a password for this test"
AWARD_SECONDS = 60
WEDNESDAY = "2026-03-04T12:00:00Z"
"""No weekend: the demo program multiplies those."""
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"

Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}) as session:
        yield session


@pytest.fixture
async def admin(system: System, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Signed in as the first administrator, made from the command line."""
    monkeypatch.setenv("LAUREL_ADMIN_PASSWORD", PASSWORD)
    system.laurel("admin", "ensure", "--email", EMAIL)
    session = await Client(http, system.url("admin-api")).post("/login", {"email": EMAIL, "password": PASSWORD})
    assert session.status == 200, session.body
    return Client(http, system.url("admin-api"), session.body["access_token"])


async def shop_of_its_own(admin: Client) -> tuple[Client, str]:
    """A till, and a rule that is in force for its merchant alone: seven points for each unit of the currency."""
    merchant = (await admin.post("/merchants", {"name": "Corner Shop"})).body["merchant_id"]
    key = await admin.post(f"/merchants/{merchant}/keys", {"scopes": ["transactions:write"]})
    rule = {
        "name": "Sevenfold",
        "conditions": [{"field": "merchant_id", "op": "eq", "value": merchant}],
        "effect": {"type": "points_per_amount", "points": 7, "per": 1},
        "priority": 1_000,
        "stackable": False,
    }
    rule_id: str = (await admin.post("/earning-rules", rule)).body["rule_id"]
    assert (await admin.post(f"/earning-rules/{rule_id}/activate")).body["status"] == "active"
    return Client(admin.http, admin.url, key.body["secret"]), rule_id


async def test_an_operator_sees_a_purchase_through(system: System, admin: Client, eventually: Eventually) -> None:
    till, rule_id = await shop_of_its_own(admin)
    currency = (await admin.get("/program")).body["currency"]
    card = f"card-{secrets.token_hex(4)}"
    member = f"/members/{(await admin.post('/members', {'external_id': card})).body['member_id']}"

    purchase = {"member_external_id": card, "amount": "12.50", "currency": currency, "occurred_at": WEDNESDAY}
    sale = await till.post("/transactions", purchase)
    assert (sale.status, sale.body["status"]) == (201, "recorded")

    async def awarded() -> Any:
        shown = (await admin.get(f"/transactions/{sale.body['transaction_id']}")).body
        return shown if shown["status"] == "awarded" else None

    shown = await eventually(awarded, AWARD_SECONDS)
    [share] = [rule for rule in shown["receipt"]["rules"] if rule["points"]]
    assert (share["rule_id"], share["points"], shown["points_awarded"]) == (rule_id, 87, 87)

    taken = await admin.post(f"{member}/adjustments", {"points": -7, "reason": "a round number"})
    assert taken.body["available_after"] == 80
    ledger = (await admin.get(f"{member}/ledger")).body["data"]
    assert [(entry["kind"], entry["points"], entry["available_after"]) for entry in ledger] == [
        ("adjust", -7, 80),
        ("earn", 87, 87),
    ]
    assert all(TRACE_ID in entry["traceparent"] for entry in ledger), "the trace goes from the request into the ledger"

    assert (await admin.post(f"/earning-rules/{rule_id}/retire")).body["status"] == "retired"


async def test_the_pipeline_is_told_by_a_relay_and_a_worker_that_live(
    system: System, admin: Client, eventually: Eventually
) -> None:
    async def at_rest() -> Any:
        found = (await admin.get("/pipeline")).body
        rests = found["consumers"]["known"] and found["consumers"]["lag_events"] == found["outbox"]["backlog_rows"] == 0
        return found if rests else None

    found = await eventually(at_rest, AWARD_SECONDS)
    assert found["outbox"]["leader"] is not None
    assert found["outbox"]["oldest_unpublished_age_seconds"] is None
    partitions = int(system.environment["LAUREL_KAFKA_PARTITIONS"])
    assert len(found["consumers"]["partitions"]) == len(CONSUMED_TOPICS) * partitions


async def test_the_overview_adds_up(admin: Client) -> None:
    report = (await admin.get("/reports/overview")).body
    moved = report["moved"]
    change = moved["issued"] - moved["redeemed"] + moved["adjusted"] - moved["reversed"] - moved["expired"]
    assert report["opening_points"] + change == report["closing_points"] == report["outstanding_points"]


async def test_a_webhook_is_told_of_a_purchase_and_of_its_points(
    system: System, admin: Client, eventually: Eventually
) -> None:
    """Also by the next worker when the one that had it in hand is killed: at least once, always with the same id."""
    till, _ = await shop_of_its_own(admin)
    member = (await admin.post("/members", {"external_id": secrets.token_hex(8)})).body["member_id"]
    async with receiving(500, 204) as receiver:
        types = ["transaction.recorded", "points.earned"]
        webhook = (await admin.post("/webhooks", {"url": receiver.url, "event_types": types})).body
        sale = {"member_id": member, "amount": "10.00", "currency": "USD", "occurred_at": WEDNESDAY}
        assert (await till.post("/transactions", sale)).status == 201
        await eventually(lambda: receiver.got, timeout_seconds=AWARD_SECONDS)
        system.kill("worker")
        system.start("worker")
        told = {(kind, member) for kind in types}
        await eventually(lambda: told <= set(receiver.events), timeout_seconds=AWARD_SECONDS)
        for headers, body in receiver.got:
            expected = sign([webhook["secret"]], headers["webhook-id"], int(headers["webhook-timestamp"]), body)
            assert headers["webhook-signature"] == expected
        mine = [headers["webhook-id"] for headers, body in receiver.got if member in body.decode()]
        assert len(set(mine)) == 2
    assert (await admin.send("DELETE", f"/webhooks/{webhook['webhook_id']}")).status == 204
