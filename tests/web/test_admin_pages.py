"""Every page of the Admin Web, in light and dark, on a phone and a desk: axe, console, hosts, width, a picture."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.webapps import WebApp
from tests.web.administrators import enter, signed_in
from tests.web.places import PLACES, SHOWN_AS
from tests.web.visiting import LOOKS, Visits, hold, look


@pytest.mark.parametrize("name", PLACES)
async def test_a_page_in_every_look(admin_web: WebApp, visits: Visits, known: dict[str, str], name: str) -> None:
    page = await signed_in(visits, admin_web)
    for width, scheme in LOOKS:
        await look(page, width, scheme)
        await page.goto(PLACES[name].format(**known))
        await hold(page, f"admin-{name}-{width}-{scheme}")


async def test_the_way_in_in_every_look(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> None:
    visit = await visits.begin(admin_web.url)
    page = await visit.page()
    for width, scheme in LOOKS:
        await look(page, width, scheme)
        await page.goto("/login")
        await hold(page, f"admin-sign-in-{width}-{scheme}")


async def test_what_a_member_is_called_is_text(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> None:
    page = await signed_in(visits, admin_web)
    await page.goto(f"/members/{known['member']}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(SHOWN_AS)
    await expect(page).to_have_title(f"{SHOWN_AS} · Laurel Admin")


async def test_it_speaks_german(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> None:
    visit = await visits.begin(admin_web.url, locale="de-DE")
    await enter(visit.context)
    page = await visit.page()
    await page.goto("/members")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mitglieder")
    assert await page.evaluate("document.documentElement.lang") == "de"
