"""Administrators of each role as browsers that are signed in, and what they find in the system."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from playwright.async_api import BrowserContext, Page

from tests.support.system import System
from tests.support.webapps import WebApp
from tests.web.members import OWN
from tests.web.visiting import Visits

Role = Literal["viewer", "operator", "admin"]

FIRST = "first@laurel.example"
PASSWORD = "a password for these tests"


def ensure_first(system: System) -> None:
    """The first administrator, made from the command line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAUREL_ADMIN_PASSWORD", PASSWORD)
        system.laurel("admin", "ensure", "--email", FIRST)


async def enter(context: BrowserContext, email: str = FIRST) -> None:
    """Sign in through the app's own server."""
    entered = await context.request.post("/api/session", data={"email": email, "password": PASSWORD}, headers=OWN)
    assert entered.status == 204, await entered.text()


async def signed_in(visits: Visits, app: WebApp) -> Page:
    """A page of a browser that the first administrator is signed in with."""
    visit = await visits.begin(app.url)
    await enter(visit.context)
    return await visit.page()


@dataclass(frozen=True, slots=True)
class Desk:
    """What an administrator's browser asks of the Admin API outside any page."""

    context: BrowserContext

    async def get(self, path: str) -> Any:
        answer = await self.context.request.get(f"/api/admin{path}")
        assert answer.ok, await answer.text()
        return await answer.json()

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        headers = {**OWN, "idempotency-key": secrets.token_hex(8)}
        answer = await self.context.request.post(f"/api/admin{path}", data=dict(body), headers=headers)
        assert answer.ok, await answer.text()
        return await answer.json()

    async def colleague(self, role: Role) -> str:
        """The email of another administrator, of this role."""
        email = f"{role}-{secrets.token_hex(4)}@laurel.example"
        await self.post("/admins", {"email": email, "name": f"The {role}", "role": role, "password": PASSWORD})
        return email

    async def member(self, name: str) -> str:
        """The id of a new member."""
        enrolled = await self.post("/members", {"name": name, "external_id": f"card-{secrets.token_hex(6)}"})
        member_id: str = enrolled["member_id"]
        return member_id


@dataclass(frozen=True, slots=True)
class Till:
    """A merchant's till, which speaks to the Admin API itself."""

    context: BrowserContext
    url: str
    secret: str

    @classmethod
    async def of(cls, desk: Desk, url: str) -> Till:
        merchant = (await desk.post("/merchants", {"name": f"Shop {secrets.token_hex(3)}"}))["merchant_id"]
        key = await desk.post(f"/merchants/{merchant}/keys", {"scopes": ["transactions:write"]})
        return cls(desk.context, url, key["secret"])

    async def sell(self, member_id: str, amount: str, currency: str) -> str:
        """Record a purchase; its id."""
        headers = {"authorization": f"Bearer {self.secret}", "idempotency-key": secrets.token_hex(8)}
        body = {"member_id": member_id, "amount": amount, "currency": currency}
        sold = await self.context.request.post(f"{self.url}/api/admin/transactions", data=body, headers=headers)
        assert sold.status == 201, await sold.text()
        transaction_id: str = (await sold.json())["transaction_id"]
        return transaction_id
