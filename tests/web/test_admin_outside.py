"""What an administrator sets up for other systems, and what the console hears of by itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from loyalty.clock import new_id, system_clock
from loyalty.store.database import Pool
from tests.support.system import System
from tests.support.webapps import WebApp
from tests.web.administrators import Desk, ensure_first, enter
from tests.web.visiting import Visit, Visits


@pytest_asyncio.fixture(loop_scope="session")
async def visit(system: System, admin_web: WebApp, visits: Visits) -> AsyncIterator[Visit]:
    """A browser of the first administrator."""
    ensure_first(system)
    opened = await visits.begin(admin_web.url)
    await enter(opened.context)
    yield opened


async def _secret_shown_once(page: Page, title: str) -> str:
    dialog = page.get_by_role("dialog", name=title)
    secret = await dialog.locator("code").inner_text()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="I have copied it").click()
    await expect(dialog).to_be_hidden()
    return secret


async def test_a_signing_key_is_made_and_shown_once(visit: Visit) -> None:
    desk = Desk(visit.context)
    merchant = (await desk.post("/merchants", {"name": "Shop that signs"}))["merchant_id"]
    page = await visit.page()
    await page.goto(f"/merchants/{merchant}")
    panel = page.get_by_role("region", name="Signing keys")
    await panel.get_by_role("button", name="Add a signing key").click()
    await page.get_by_role("dialog").get_by_role("button", name="Add a signing key").click()
    private = json.loads(await _secret_shown_once(page, "The private key"))
    assert private["d"]
    assert private["d"] not in await page.content()


async def test_a_viewer_is_offered_neither_webhooks_nor_keys(admin_web: WebApp, visits: Visits, visit: Visit) -> None:
    desk = Desk(visit.context)
    webhook = (await desk.post("/webhooks", {"url": "https://example.com/viewed"}))["webhook_id"]
    merchant = (await desk.get("/merchants"))["data"][0]["merchant_id"]
    viewer = await visits.begin(admin_web.url)
    await enter(viewer.context, await desk.colleague("viewer"))
    page = await viewer.page()
    for place, heading in ((f"/webhooks/{webhook}", "Deliveries"), (f"/merchants/{merchant}", "Signing keys")):
        await page.goto(place)
        await expect(page.get_by_role("heading", name=heading)).to_be_visible()
        for name in ("Send a test", "Replace the secret", "Delete", "Add a signing key", "Issue a key", "Revoke"):
            assert await page.get_by_role("button", name=name).count() == 0
    await page.goto("/referrals")
    await expect(page.get_by_label("Purchases needed")).to_be_disabled()


async def test_what_changes_is_pushed_and_not_asked_for(visit: Visit, database: Pool) -> None:
    page = await visit.page()
    asked: list[str] = []
    async with page.expect_response("**/api/admin/events"):
        await page.goto("/pipeline")
    await expect(page.get_by_role("heading", name="Dead letters")).to_be_visible()
    await expect(page.locator(".mantine-Skeleton-root")).to_have_count(0)
    letter, key = new_id(), f"nobody-{new_id().hex[-6:]}"
    page.on("request", lambda request: asked.append(request.url.partition("?")[0]))
    async with database.acquire() as conn:
        await conn.execute(
            "insert into dead_letter (id, consumer, event_id, topic, partition, record_offset, key, payload, "
            "error_kind, error, created_at) "
            "values ($1, 'earning', $2, 'transaction.recorded', 0, $3, $4, '{}', 'ValueError', 'bad', $5)",
            letter,
            new_id(),
            1_000_000 + letter.int % 1_000_000,
            key.encode(),
            system_clock(),
        )
    await expect(page.get_by_role("row").filter(has_text=key)).to_be_visible()
    # one look at the list because a figure changed; figures themselves are never asked for
    assert not any(url.endswith("/api/admin/pipeline") for url in asked)
