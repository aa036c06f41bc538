"""Every page of the Customer Web, in light and dark, on a phone and a desk: axe, console, hosts, width, a picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.support.webapps import WebApp
from tests.web.members import buy, buy_and_earn, join, redeem
from tests.web.visiting import LOOKS, Visits, hold, look

ESCAPING = "<b>Zoë</b> 🦊 <img src=x onerror=alert(1)>"

Ids = dict[str, str]


async def _visitor(context: BrowserContext) -> Ids:
    """Nobody yet."""
    return {}


async def _newcomer(context: BrowserContext) -> Ids:
    await join(context, ESCAPING)
    return {}


async def _regular(context: BrowserContext) -> Ids:
    """A member who has bought, got a voucher and been refused."""
    await join(context, ESCAPING)
    purchase = await buy_and_earn(context, steak=30, apples=3, flowers=1)
    await buy(context, coffee=1)
    await redeem(context, "Coffee")
    await redeem(context, "Headphones")
    return {"purchase": purchase}


async def _nothing(page: Page) -> None:
    """The page as it comes."""


async def _open_account(page: Page) -> None:
    await page.get_by_role("button", name="Account").click()
    await expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()


async def _ask_for_coffee(page: Page) -> None:
    await page.get_by_role("button", name="Redeem Coffee").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def _show_code(page: Page) -> None:
    await page.get_by_role("button", name="Show code").click()
    await expect(page.get_by_role("img", name="QR")).to_be_visible()


async def _leave(page: Page) -> None:
    await page.get_by_role("button", name="Close my account").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def _explained(page: Page) -> None:
    await expect(page.get_by_test_id("receipt-points")).to_be_visible()


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as somebody sees it, after doing something there."""

    path: str
    someone: Callable[[BrowserContext], Awaitable[Ids]]
    then: Callable[[Page], Awaitable[None]] = _nothing


PAGES = {
    "sign-in": Shown("/sign-in", _visitor),
    "sign-up": Shown("/sign-up?ref=FRIEND", _visitor),
    "not-found": Shown("/nowhere", _visitor),
    "home": Shown("/", _regular),
    "home-new": Shown("/", _newcomer),
    "account": Shown("/", _newcomer, _open_account),
    "shop": Shown("/shop", _regular),
    "purchases": Shown("/purchases", _regular),
    "purchases-none": Shown("/purchases", _newcomer),
    "purchase": Shown("/purchases/{purchase}", _regular, _explained),
    "rewards": Shown("/rewards", _regular),
    "redeem": Shown("/rewards", _regular, _ask_for_coffee),
    "redemptions": Shown("/redemptions", _regular),
    "redemptions-none": Shown("/redemptions", _newcomer),
    "voucher": Shown("/redemptions", _regular, _show_code),
    "friends-none": Shown("/friends", _newcomer),
    "profile": Shown("/profile", _regular),
    "leave": Shown("/profile", _regular, _leave),
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_in_every_look(customer_web: WebApp, visits: Visits, name: str) -> None:
    shown = PAGES[name]
    visit = await visits.begin(customer_web.url)
    if name == "not-found":
        visit.expect("404 (Not Found)")
    ids = await shown.someone(visit.context)
    page = await visit.page()
    for width, scheme in LOOKS:
        await look(page, width, scheme)
        await page.goto(shown.path.format(**ids))
        await shown.then(page)
        await hold(page, f"customer-{name}-{width}-{scheme}")
