"""Members of the program, as browsers that are signed in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from playwright.async_api import APIResponse, BrowserContext

PASSWORD = "correct horse battery"
OWN = {"x-laurel": "1"}


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
