"""Every page of the Admin Web, in light and dark, on a phone and a desk: axe, console, hosts, width, a picture."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support.system import System
from tests.support.webapps import WebApp
from tests.web.administrators import Desk, Till, ensure_first, enter
from tests.web.visiting import LOOKS, Visits, hold, look

ESCAPING = "<b>Zoë</b> 🦊 <img src=x onerror=alert(1)>"

PLACES = {
    "overview": "/",
    "reports": "/reports",
    "members": "/members",
    "member": "/members/{member}",
    "member-profile": "/members/{member}?tab=profile",
    "transactions": "/transactions",
    "transaction": "/transactions/{transaction}",
    "redemptions": "/redemptions",
    "referrals": "/referrals",
    "member-referrals": "/members/{member}?tab=referrals",
    "rules": "/rules",
    "rule": "/rules/{rule}",
    "rule-new": "/rules/new",
    "rule-edit": "/rules/{rule}/edit",
    "replays": "/replays",
    "replay-new": "/replays/new",
    "rewards": "/rewards",
    "reward": "/rewards/{reward}",
    "reward-new": "/rewards/new",
    "tiers": "/tiers",
    "pipeline": "/pipeline",
    "merchants": "/merchants",
    "merchant": "/merchants/{merchant}",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/{webhook}",
    "transfer": "/transfer",
    "audit": "/audit",
    "admins": "/admins",
    "program": "/program",
    "nobody": "/members?search=nobody-is-called-this",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def known(system: System, admin_web: WebApp, browser: Browser) -> AsyncIterator[dict[str, str]]:
    """Ids of what the pages show: a member with a purchase, a rule, a reward, a merchant, a webhook."""
    ensure_first(system)
    context = await browser.new_context(base_url=admin_web.url)
    await enter(context)
    desk = Desk(context)
    till = await Till.of(desk, system.url("admin-api"))
    member = await desk.member(ESCAPING)
    currency = (await desk.get("/program"))["currency"]
    yield {
        "member": member,
        "transaction": await till.sell(member, "12.50", currency),
        "rule": (await desk.get("/earning-rules"))["data"][0]["rule_id"],
        "reward": (await desk.get("/rewards"))["data"][0]["reward_id"],
        "merchant": (await desk.get("/merchants"))["data"][0]["merchant_id"],
        "webhook": (await desk.post("/webhooks", {"url": "https://example.com/laurel"}))["webhook_id"],
    }
    await context.close()


@pytest.mark.parametrize("name", PLACES)
async def test_a_page_in_every_look(admin_web: WebApp, visits: Visits, known: dict[str, str], name: str) -> None:
    visit = await visits.begin(admin_web.url)
    await enter(visit.context)
    page = await visit.page()
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
    visit = await visits.begin(admin_web.url)
    await enter(visit.context)
    page = await visit.page()
    await page.goto(f"/members/{known['member']}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(ESCAPING)
    await expect(page).to_have_title(f"{ESCAPING} · Laurel Admin")


async def test_it_speaks_german(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> None:
    visit = await visits.begin(admin_web.url, locale="de-DE")
    await enter(visit.context)
    page = await visit.page()
    await page.goto("/members")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mitglieder")
    assert await page.evaluate("document.documentElement.lang") == "de"
