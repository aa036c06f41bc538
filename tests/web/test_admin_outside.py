"""What an administrator sets up for other systems, and what the console hears of by itself."""

from __future__ import annotations

import http.server
import json
import queue
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest_asyncio
from playwright.async_api import Page, expect

from loyalty.store.database import Pool
from tests.support.rows import add_dead_letter
from tests.support.system import System
from tests.support.webapps import WebApp
from tests.web.administrators import Desk, ensure_first, enter
from tests.web.visiting import Visit, Visits, axe_violations, settled

DELIVERY_MS = 60_000


@pytest_asyncio.fixture(loop_scope="session")
async def visit(system: System, admin_web: WebApp, visits: Visits) -> AsyncIterator[Visit]:
    """A browser of the first administrator."""
    ensure_first(system)
    opened = await visits.begin(admin_web.url)
    await enter(opened.context)
    yield opened


@contextmanager
def _endpoint() -> Iterator[tuple[str, queue.Queue[str]]]:
    """An endpoint that takes every message, its address, and the kinds of messages it was sent."""
    heard: queue.Queue[str] = queue.Queue()

    class Taking(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.put(body["type"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/laurel", heard
        finally:
            server.shutdown()
            thread.join()


async def _secret_shown_once(page: Page, title: str) -> str:
    dialog = page.get_by_role("dialog", name=title)
    secret = await dialog.locator("code").inner_text()
    await settled(page)
    assert await axe_violations(page) == []
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="I have copied it").click()
    await expect(dialog).to_be_hidden()
    return secret


async def test_a_webhook_is_set_up_tested_and_told_again(visit: Visit) -> None:
    page = await visit.page()
    with _endpoint() as (address, heard):
        await page.goto("/webhooks")
        await page.get_by_role("button", name="Add a webhook").first.click()
        dialog = page.get_by_role("dialog", name="Add a webhook")
        await dialog.get_by_label("Address").fill(address)
        await dialog.get_by_role("switch", name="All events").uncheck()
        await dialog.get_by_role("combobox", name="Events").click()
        await page.get_by_role("option", name="tier.changed").click()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("listbox")).to_be_hidden()
        await dialog.get_by_role("button", name="Add a webhook").click()
        secret = await _secret_shown_once(page, "The webhook's secret")
        assert secret.startswith("whsec_")

        await expect(page.get_by_role("heading", level=1)).to_have_text(address)
        assert secret not in await page.content()
        await page.get_by_role("button", name="Send a test").click()
        deliveries = page.get_by_role("region", name="Deliveries")
        delivered = deliveries.get_by_role("table").get_by_text("Delivered", exact=True)
        await expect(delivered).to_be_visible(timeout=DELIVERY_MS)
        await deliveries.get_by_role("row").nth(1).click()
        await expect(deliveries.get_by_text("HTTP 204")).to_be_visible()
        await deliveries.get_by_role("button", name="Send again").click()
        await expect(deliveries.get_by_role("row").nth(1)).to_contain_text("2", timeout=DELIVERY_MS)
        first, second = (heard.get(timeout=DELIVERY_MS / 1000) for _ in range(2))
        assert first == second

    await page.get_by_role("button", name="Replace the secret").click()
    await page.get_by_role("dialog").get_by_role("button", name="Replace", exact=True).click()
    assert await _secret_shown_once(page, "The webhook's secret") != secret
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await page.wait_for_url("**/webhooks")


async def test_a_signing_key_is_made_shown_once_and_revoked(visit: Visit) -> None:
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

    await panel.get_by_role("button", name="Add a signing key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("Take on the public key").click()
    await dialog.get_by_role("textbox", name="Public key").fill(json.dumps(private))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    await dialog.get_by_role("button", name="Add a signing key").click()
    await expect(dialog).to_be_hidden()
    assert private["d"] not in "".join(sent), "the private half stays in the browser"

    await panel.get_by_role("button", name="Revoke").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(panel.get_by_text("Revoked")).to_be_visible()


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
    key = f"nobody-{secrets.token_hex(3)}"
    page.on("request", lambda request: asked.append(request.url.partition("?")[0]))
    async with database.acquire() as conn:
        await add_dead_letter(conn, key.encode())
    await expect(page.get_by_role("row").filter(has_text=key)).to_be_visible()
    # one look at the list because a figure changed; figures themselves are never asked for
    assert not any(url.endswith("/api/admin/pipeline") for url in asked)
