"""What is wrong is refused at the door, with what is wrong and where, and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from cli.journey.replaying import minting
from loyalty.store.database import Pool
from tests.support.people import new_members, new_merchant
from tests.support.system import System

pytestmark = pytest.mark.timeout(240)

Body = dict[str, Any]
MEGABYTES_10 = 10_000_000


def _purchase(merchant: UUID, **changes: Any) -> Body:
    body = {"external_id": f"till-{uuid4()}", "amount": "12.34", "currency": "USD", "merchant_id": str(merchant),
            "items": [{"sku": "1", "category": "PRODUCE", "quantity": 1, "amount": "10.00"},
                      {"sku": "2", "category": None, "quantity": 2, "amount": "2.34"}]}  # fmt: skip
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


def _item(**changes: Any) -> Callable[[Body], Body]:
    def change(body: Body) -> Body:
        first = {name: value for name, value in {**body["items"][0], **changes}.items() if value is not ...}
        return {**body, "items": [first, *body["items"][1:]]}

    return change


def _with(**changes: Any) -> Callable[[Body], Body]:
    return lambda body: {name: value for name, value in {**body, **changes}.items() if value is not ...}


@dataclass(frozen=True, slots=True)
class Case:
    """How a good purchase is spoiled, and the pointer that the refusal must have."""

    change: Callable[[Body], Body]
    pointer: str


SPOILED = {
    "an amount that is a number": Case(_with(amount=12.34), "/amount"),
    "an amount that is a list": Case(_with(amount=["12.34"]), "/amount"),
    "a negative amount": Case(_with(amount="-1.00", items=[]), "/amount"),
    "a huge amount": Case(_with(amount="1" + "0" * 30, items=[]), "/amount"),
    "an amount beyond the limit": Case(_with(amount="99999999999.00", items=[]), "/amount"),
    "three decimals": Case(_with(amount="12.345", items=[]), "/amount"),
    "NaN as text": Case(_with(amount="NaN", items=[]), "/amount"),
    "an infinite amount": Case(_with(amount="Infinity", items=[]), "/amount"),
    "an exponent": Case(_with(amount="1e3", items=[]), "/amount"),
    "digits that are not ASCII": Case(_with(amount="١٢", items=[]), "/amount"),
    "no amount": Case(_with(amount=...), "/amount"),
    "another currency": Case(_with(currency="CHF"), "/currency"),
    "no currency at all": Case(_with(currency="gold"), "/currency"),
    "an unknown merchant": Case(_with(merchant_id=str(uuid4())), "/merchant_id"),
    "a merchant id that is none": Case(_with(merchant_id="17"), "/merchant_id"),
    "a time without offset": Case(_with(occurred_at="2017-01-01T12:00:00"), "/occurred_at"),
    "a time to come": Case(_with(occurred_at="2999-01-01T12:00:00Z"), "/occurred_at"),
    "a time as a number": Case(_with(occurred_at=1483272000), "/occurred_at"),
    "a NUL in a text": Case(_with(external_id="till\0"), "/external_id"),
    "a NUL in an item": Case(_item(sku="sku\0"), "/items/0/sku"),
    "items that do not sum to the amount": Case(_with(amount="12.35"), "/items"),
    "an item's negative amount": Case(_item(amount="-10.00"), "/items/0/amount"),
    "an item's half quantity": Case(_item(quantity=0.5), "/items/0/quantity"),
    "an item's negative quantity": Case(_item(quantity=-1), "/items/0/quantity"),
    "an item without sku": Case(_item(sku=...), "/items/0/sku"),
    "items that are an object": Case(_with(items={"sku": "1"}), "/items"),
    "too many items": Case(_with(items=[{"sku": "1", "quantity": 1, "amount": "0.00"}] * 501), "/items"),
    "a field nobody knows": Case(_with(points=1_000_000), "/points"),
}


@dataclass(frozen=True, slots=True)
class Door:
    """The Customer API as one member finds it, asked without any help."""

    session: aiohttp.ClientSession
    url: str
    token: str
    merchant: UUID

    async def send(self, data: bytes, path: str = "transaction", **headers: str) -> tuple[int, str, bytes]:
        """The status, the content type and the body."""
        ours = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        }
        url = f"{self.url}/api/customer/{path}"
        async with self.session.post(url, data=BytesIO(data), headers={**ours, **headers}) as response:
            return response.status, response.content_type, await response.read()

    async def refusal(self, data: bytes, path: str = "transaction", **headers: str) -> dict[str, Any]:
        """The problem; it must be one."""
        status, content_type, body = await self.send(data, path, **headers)
        assert content_type == "application/problem+json", body
        problem: dict[str, Any] = json.loads(body)
        assert problem["status"] == status
        assert problem.keys() >= {"type", "title", "detail", "code"}
        return problem


@pytest.fixture
async def door(system: System, session: aiohttp.ClientSession, database: Pool) -> Door:
    [member] = await new_members(database, 1)
    merchant = await new_merchant(database)
    return Door(session, system.customer_urls[0], minting(system.settings)(member), merchant)


@pytest.mark.parametrize("case", SPOILED.values(), ids=SPOILED.keys())
async def test_a_spoiled_purchase_is_refused_where_it_is_spoiled(case: Case, door: Door, database: Pool) -> None:
    before = await _rows(database)
    body = case.change(_purchase(door.merchant))
    problem = await door.refusal(json.dumps(body).encode())
    assert problem["status"] == 422
    assert case.pointer in [error["pointer"] for error in problem["errors"]]
    assert await _rows(database) == before


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"amount": NaN}', 400),
        (b'{"amount": "1.00", "amount": "2.00"}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"amount": "' + b"1" * MEGABYTES_10 + b'"}', 413),
    ],
    ids=["nothing", "half", "NaN", "a name twice", "not UTF-8", "deep", "a list", "null", "10 MB"],
)
async def test_what_is_no_purchase_is_refused(data: bytes, status: int, door: Door, database: Pool) -> None:
    before = await _rows(database)
    assert (await door.refusal(data))["status"] == status
    assert await _rows(database) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Idempotency-Key": ""}, 422),
        ({"Idempotency-Key": "k" * 256}, 422),
        ({"Authorization": "Bearer nonsense"}, 401),
        ({"Authorization": "Basic bWU6bWU="}, 401),
    ],
    ids=["text", "no key", "a long key", "no token", "another scheme"],
)
async def test_a_request_without_what_it_needs_is_refused(
    headers: dict[str, str], status: int, door: Door, database: Pool
) -> None:
    before = await _rows(database)
    body = json.dumps(_purchase(door.merchant)).encode()
    assert (await door.refusal(body, **headers))["status"] == status
    assert await _rows(database) == before


@pytest.mark.parametrize(
    ("body", "status"), [({"reward_id": str(uuid4())}, 404), ({"reward_id": "17"}, 422), ({"reward": 1}, 422)]
)
async def test_a_redemption_of_nothing_is_refused(body: Body, status: int, door: Door, database: Pool) -> None:
    before = await _rows(database)
    assert (await door.refusal(json.dumps(body).encode(), "redeem"))["status"] == status
    assert await _rows(database) == before


async def test_a_refused_request_does_not_use_up_its_key(door: Door) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    spoiled, good = (json.dumps(_purchase(door.merchant, currency=one)).encode() for one in ("CHF", "USD"))
    assert (await door.refusal(spoiled, **key))["status"] == 422
    assert (await door.send(good, **key))[0] == 201


async def _rows(database: Pool) -> tuple[int, ...]:
    """How many rows there are of everything that a purchase or a redemption writes."""
    async with database.acquire() as conn:
        row = await conn.fetchrow(
            """select (select count(*) from transaction), (select count(*) from redemption),
            (select count(*) from outbox), (select count(*) from idempotency_key)"""
        )
    return tuple(row or ())
