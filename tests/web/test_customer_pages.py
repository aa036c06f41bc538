"""Every page of the Customer Web, in light and dark, on a phone and a desk: axe, console, hosts, width, a picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.support.waiting import eventually
from tests.support.webapps import WebApp
from tests.web.members import buy, join
from tests.web.visiting import LOOKS, WIDTHS, Scheme, Visits, axe_violations, screenshot, width_overflow

PATIENCE_SECONDS = 20
PICTURES_HERE = "Array.from(document.images).every((one) => one.complete)"
NOTHING_MOVES = "document.getAnimations().every(({playState}) => playState !== 'running')"
ESCAPING = "<b>Zoë</b> 🦊 <img src=x onerror=alert(1)>"


async def _visitor(context: BrowserContext) -> None:
    """Nobody yet."""


async def _newcomer(context: BrowserContext) -> None:
    await join(context, ESCAPING)


async def _regular(context: BrowserContext) -> None:
    """A member who has bought, redeemed and been refused."""
    await join(context, ESCAPING)
    await buy(context, steak=30, apples=3, flowers=1)
    await buy(context, coffee=1)


Someone = Callable[[BrowserContext], Awaitable[None]]

PAGES: dict[str, tuple[str, Someone]] = {
    "sign-in": ("/sign-in", _visitor),
    "sign-up": ("/sign-up", _visitor),
    "not-found": ("/nowhere", _visitor),
    "home": ("/", _regular),
    "home-new": ("/", _newcomer),
    "shop": ("/shop", _regular),
    "purchases": ("/purchases", _regular),
    "purchases-none": ("/purchases", _newcomer),
    "rewards": ("/rewards", _regular),
    "redemptions-none": ("/redemptions", _newcomer),
    "profile": ("/profile", _regular),
}


async def _settled(page: Page) -> None:
    """Nothing is loading any more, and every picture is there."""
    await expect(page.locator("[role=status] .mantine-Skeleton-root, .mantine-Skeleton-root")).to_have_count(0)
    for still in (PICTURES_HERE, NOTHING_MOVES):
        await eventually(partial(page.evaluate, still), PATIENCE_SECONDS)


async def _hold(page: Page, name: str, width: int, scheme: Scheme) -> None:
    await _settled(page)
    await screenshot(page, f"customer-{name}-{width}-{scheme}")
    assert await axe_violations(page) == []
    assert await width_overflow(page) == 0


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_in_every_look(customer_web: WebApp, visits: Visits, name: str) -> None:
    path, someone = PAGES[name]
    visit = await visits.begin(customer_web.url)
    if name == "not-found":
        visit.expect("404 (Not Found)")
    await someone(visit.context)
    page = await visit.page()
    for width, scheme in LOOKS:
        await page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        await page.emulate_media(color_scheme=scheme)
        await page.goto(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await _hold(page, name, width, scheme)
