"""Members of the program, as browsers that are signed in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from playwright.async_api import APIResponse, BrowserContext

from tests.support.waiting import eventually

PASSWORD = "correct horse battery"
OWN = {"x-laurel": "1"}
PATIENCE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Member:
    email: str
    name: str


async def join(context: BrowserContext, name: str = "Ada Lovelace") -> Member:
    """A new member, signed in in this browser profile."""
    member = Member(f"{secrets.token_hex(6)}@example.com", name)
    body = {"email": member.email, "password": PASSWORD, "name": member.name}
    joined = await context.request.post("/api/customer/register", data=body, headers=OWN)
    assert joined.status == 201, await joined.text()
    await sign_in(context, member.email)
    return member


async def sign_in(context: BrowserContext, email: str) -> None:
    data = {"email": email, "password": PASSWORD}
    entered = await context.request.post("/api/session", data=data, headers=OWN)
    assert entered.status == 204, await entered.text()


async def buy(context: BrowserContext, **basket: int) -> APIResponse:
    """A purchase at the shop; its points follow."""
    order = {"orderId": secrets.token_hex(16), "basket": basket}
    bought = await context.request.post("/api/shop/orders", data=order, headers=OWN)
    assert bought.status == 201, await bought.text()
    return bought


async def buy_and_earn(context: BrowserContext, **basket: int) -> str:
    """A purchase whose points are there; its id."""
    transaction_id: str = (await (await buy(context, **basket)).json())["transaction_id"]

    async def earned() -> bool:
        return bool((await _get(context, f"/transactions/{transaction_id}"))["status"] == "awarded")

    await eventually(earned, PATIENCE_SECONDS)
    return transaction_id


async def redeem(context: BrowserContext, reward: str) -> dict[str, Any]:
    """Ask for a reward by its name; the redemption, once it is decided."""
    offered = (await _get(context, "/rewards?limit=100"))["data"]
    [reward_id] = [each["reward_id"] for each in offered if each["name"] == reward]
    headers = {**OWN, "idempotency-key": secrets.token_hex(16)}
    asked = await context.request.post("/api/customer/redeem", data={"reward_id": reward_id}, headers=headers)
    assert asked.status == 202, await asked.text()
    path = f"/redemptions/{(await asked.json())['redemption_id']}"

    async def decided() -> dict[str, Any] | None:
        found = await _get(context, path)
        return found if found["status"] != "pending" else None

    return await eventually(decided, PATIENCE_SECONDS) or {}


async def _get(context: BrowserContext, path: str) -> dict[str, Any]:
    answer = await context.request.get(f"/api/customer{path}")
    assert answer.ok, await answer.text()
    found: dict[str, Any] = await answer.json()
    return found
