"""What is not the fair way: refusals, an API that is away, the back button, other languages, ten thousand purchases."""

from __future__ import annotations

import asyncio
from uuid import UUID

from playwright.async_api import BrowserContext, Locator, Page, expect

from loyalty.store.database import Pool, transaction
from tests.support.campaigns import sized, write_report
from tests.support.system import System
from tests.support.webapps import WebApp
from tests.web.members import OWN, buy, join
from tests.web.visiting import INTERACTION_MS, PageCpu, Visits, axe_violations, screenshot

MANY = 10_000
PAGE = 25
SCROLLED = sized(500, MANY)
"""Rows that are scrolled to of MANY, and stay in the page."""
SCROLL = "by => new Promise((done) => setTimeout(() => { scrollBy(0, by); requestAnimationFrame(done); }))"
"""In a task of the page's own, so that its CPU counts."""
LAST_PAGES = 15
"""How many are measured, with all the others shown."""


async def test_a_reward_that_others_took_meanwhile_is_refused_with_the_reason(
    customer_web: WebApp, visits: Visits, database: Pool
) -> None:
    visit = await visits.begin(customer_web.url)
    await join(visit.context)
    page = await _with_points(visit.context, await visit.page())
    await page.goto("/rewards")
    await page.get_by_role("button", name="Redeem Anniversary mug").click()
    async with transaction(database) as conn:
        kept = await conn.fetchval("select stock_remaining from reward where name = 'Anniversary mug'")
        await conn.execute("update reward set stock_remaining = 0 where name = 'Anniversary mug'")
    try:
        await page.get_by_role("button", name="Redeem for 25 points").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("That did not work")).to_be_visible()
        await expect(dialog.get_by_text("Out of stock")).to_be_visible()
        await screenshot(page, "customer-rejected-1440-light")
        assert await axe_violations(page) == []
    finally:
        async with transaction(database) as conn:
            await conn.execute("update reward set stock_remaining = $1 where name = 'Anniversary mug'", kept)
    await dialog.get_by_role("link", name="To my rewards").click()
    await expect(page.get_by_text("Not given")).to_be_visible()
    await expect(page.get_by_text("Out of stock")).to_be_visible()


async def test_a_page_says_that_the_api_is_away_and_recovers_by_itself(
    customer_web: WebApp, system: System, visits: Visits
) -> None:
    visit = await visits.begin(customer_web.url)
    visit.expect("502 (Bad Gateway)")
    await join(visit.context)
    page = await visit.page()
    system.kill("customer-api-1")
    try:
        await page.goto("/purchases")
        await expect(
            page.get_by_role("main").get_by_role("alert").get_by_text("cannot be reached right now")
        ).to_be_visible()
        assert await axe_violations(page) == []
        await screenshot(page, "customer-away-1440-light")
    finally:
        system.start("customer-api-1")
        await asyncio.to_thread(system.until_ready)
    await expect(page.get_by_text("No purchases yet")).to_be_visible()


async def test_the_back_button_and_links_into_the_middle(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url)
    await join(visit.context)
    await buy(visit.context, bread=1)
    page = await visit.page()
    await page.goto("/purchases")
    await page.get_by_role("link", name="US$5.49").click()
    await expect(page.get_by_text("Sourdough bread").first).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Purchases")).to_be_visible()

    page = await _with_points(visit.context, page)
    await page.goto("/rewards")
    await page.get_by_role("button", name="Redeem Ice cream").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    link = page.url
    await page.go_back()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.goto(link)
    await expect(page.get_by_role("dialog").get_by_text("Two scoops in a cone.")).to_be_visible()


async def test_german_and_the_users_own_zone(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url, locale="de-DE", zone="Pacific/Auckland", width=360)
    await join(visit.context, "Käthe")
    bought = await (await buy(visit.context, cheese=2)).json()
    page = await visit.page()
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Hallo, Käthe")).to_be_visible()
    shown = await page.evaluate(
        "at => new Intl.DateTimeFormat('de-DE', {dateStyle: 'medium', timeStyle: 'short'}).format(new Date(at))",
        bought["occurred_at"],
    )
    await expect(page.get_by_text("15,98 $")).to_be_visible()
    await expect(page.get_by_text(shown)).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "de"
    assert await axe_violations(page) == []


async def test_ten_thousand_purchases_scroll_without_freezing(
    customer_web: WebApp, visits: Visits, database: Pool, shop_id: UUID
) -> None:
    visit = await visits.begin(customer_web.url, width=360)
    await join(visit.context)
    profile = await (await visit.context.request.get("/api/customer/profile", headers=OWN)).json()
    async with transaction(database) as conn:
        await conn.execute(
            "insert into transaction (id, member_id, merchant_id, amount_minor, currency, occurred_at, recorded_at, "
            "content_hash) select uuidv7(), $1, $2, n, 'USD', now(), now(), '' from generate_series(1, $3::int) n",
            UUID(profile["member_id"]),
            shop_id,
            MANY,
        )
    page = await visit.page()
    await page.goto("/purchases")
    rows = page.locator("main li")
    await expect(rows).to_have_count(PAGE)
    cpu = await PageCpu.of(page)
    await _scroll_to_row(page, rows, SCROLLED - LAST_PAGES * PAGE)
    had, before = await rows.count(), await cpu.milliseconds()
    await _scroll_to_row(page, rows, SCROLLED)
    shown = await rows.count()
    page_ms = (await cpu.milliseconds() - before) * PAGE / (shown - had)
    scroll_ms = await _ms_of_a_scroll(page, cpu)
    write_report(
        "customer-purchases",
        {"rows": shown, "page_more_cpu_ms": round(page_ms, 1), "scroll_cpu_ms": round(scroll_ms, 1)},
    )
    assert page_ms < INTERACTION_MS
    assert scroll_ms < INTERACTION_MS

    await page.evaluate("window.scrollTo(0, 0)")
    await expect(page.locator("main [data-loading]")).to_have_count(0)
    shown = await rows.count()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/transactions?" in request.url else None)
    before = await cpu.milliseconds()
    await buy(visit.context, bread=1)
    await expect(rows).to_have_count(shown + 1)
    await expect(rows.first).to_contain_text("US$5.49")
    await expect(rows.first).to_contain_text("points")
    assert await cpu.milliseconds() - before < INTERACTION_MS
    assert len(asked) <= 2, "the list's beginning is read again, not every page of it"


async def _scroll_to_row(page: Page, rows: Locator, wanted: int) -> None:
    """Scroll to the end until so many rows are there."""
    while (shown := await rows.count()) < wanted:
        await page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        await expect(rows).not_to_have_count(shown)


async def _ms_of_a_scroll(page: Page, cpu: PageCpu, scrolls: int = 20) -> float:
    """Milliseconds of CPU that the page's thread takes for one scroll, to its next frame, on average."""
    before = await cpu.milliseconds()
    for step in range(scrolls):
        await page.evaluate(SCROLL, (-1) ** step * 900)
    return (await cpu.milliseconds() - before) / scrolls


async def _with_points(context: BrowserContext, page: Page) -> Page:
    """The page at home, when the points of a purchase have arrived."""
    await page.goto("/")
    await buy(context, steak=10)
    await expect(page.get_by_test_id("available")).not_to_have_text("0 points")
    return page
