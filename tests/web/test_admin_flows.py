"""What operators do in the Admin Web, against every process real: adjust, refund, activate, requeue, sign in again."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect

from loyalty.store.database import Pool
from tests.support.rows import add_dead_letter
from tests.support.system import System
from tests.support.webapps import WebApp
from tests.web.administrators import FIRST, PASSWORD, Desk, Till, ensure_first, enter
from tests.web.visiting import Visit, Visits, axe_violations, settled

AWARD_MS = 60_000
CHECKED = 4_000
"""Lines of a file that is only checked: as many as take long enough to see how far it has come."""


@pytest_asyncio.fixture(loop_scope="session")
async def visit(system: System, admin_web: WebApp, visits: Visits) -> AsyncIterator[Visit]:
    """A browser of the first administrator."""
    ensure_first(system)
    opened = await visits.begin(admin_web.url)
    await enter(opened.context)
    yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def desk(visit: Visit) -> Desk:
    return Desk(visit.context)


@pytest_asyncio.fixture(loop_scope="session")
async def till(desk: Desk, system: System) -> Till:
    return await Till.of(desk, system.url("admin-api"))


async def test_one_signs_in_and_comes_back_to_the_page_asked_for(
    system: System, admin_web: WebApp, visits: Visits
) -> None:
    ensure_first(system)
    visit = await visits.begin(admin_web.url)
    visit.expect("401")
    page = await visit.page()
    await page.goto("/members?search=ada")
    await page.wait_for_url("**/login?**")
    await page.get_by_label("Email").fill(FIRST)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/members?search=ada")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Members")
    seen: str = await page.evaluate("JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
    assert "laurel-admin" not in seen
    assert "ey" not in seen.replace("language", "")


async def test_points_are_adjusted_and_the_ledger_says_why(visit: Visit, desk: Desk) -> None:
    member = await desk.member("Grace Hopper")
    page = await visit.page()
    await page.goto(f"/members/{member}")
    await page.get_by_role("button", name="Adjust points").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Points", exact=False).first.fill("120")
    await dialog.get_by_label("Reason").fill("A late parcel")
    await dialog.get_by_role("button", name="Adjust points").click()
    await expect(page.get_by_text("Adjusted: 120 points available.")).to_be_visible()
    await expect(page.get_by_text("A late parcel")).to_be_visible()
    await page.get_by_text("A late parcel").click()
    await expect(page.get_by_text("Program: adjusted")).to_be_visible()


async def test_a_rule_from_the_form_is_activated_and_earns(visit: Visit, desk: Desk, till: Till) -> None:
    name = f"Thirteen a shop {secrets.token_hex(3)}"
    page = await visit.page()
    await page.goto("/rules/new")
    await page.get_by_role("textbox", name="Name").fill(name)
    await page.get_by_text("Fixed points", exact=True).click()
    await page.get_by_role("textbox", name="Points", exact=True).fill("13")
    await expect(page.get_by_text("13 points, once on the whole purchase.")).to_be_visible()
    await expect(page.get_by_text("With this rule")).to_be_visible()
    await page.get_by_role("button", name="Save as a draft").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await page.get_by_role("button", name="Put in force").click()
    await page.get_by_role("dialog").get_by_role("button", name="Put in force").click()
    await expect(page.get_by_text("In force.", exact=True)).to_be_visible()

    member = await desk.member("Alan Turing")
    currency = (await desk.get("/program"))["currency"]
    transaction = await till.sell(member, "10.00", currency)
    await page.goto(f"/transactions/{transaction}")
    await expect(page.get_by_role("link", name=name)).to_be_visible(timeout=AWARD_MS)
    await _retire(page, name)


async def _retire(page: Page, name: str) -> None:
    await page.get_by_role("link", name=name).click()
    await page.get_by_role("button", name="Take out of force").click()
    await page.get_by_role("dialog").get_by_role("button", name="Take out of force").click()
    await expect(page.get_by_text("Out of force.", exact=True)).to_be_visible()


async def test_a_purchase_is_refunded_and_its_points_go(visit: Visit, desk: Desk, till: Till) -> None:
    member = await desk.member("Mary Jackson")
    transaction = await till.sell(member, "40.00", (await desk.get("/program"))["currency"])
    page = await visit.page()
    await page.goto(f"/transactions/{transaction}")
    await expect(page.get_by_role("button", name="Refund")).to_be_enabled(timeout=AWARD_MS)
    await page.get_by_role("button", name="Refund").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("It was broken")
    await dialog.get_by_role("button", name="Refund").click()
    refunds = page.get_by_role("region", name="Refunds")
    await expect(refunds.get_by_text("It was broken")).to_be_visible()
    await expect(refunds.get_by_text("points")).to_be_visible(timeout=AWARD_MS)
    await page.goto(f"/members/{member}")
    await expect(page.get_by_text("Taken back").first).to_be_visible(timeout=AWARD_MS)
    await page.get_by_role("tab", name="Timeline").click()
    happened = page.get_by_role("table", name="Timeline").locator("tbody tr")
    await expect(happened).to_have_count(3)
    for place, words in enumerate(
        (("Refund", "It was broken", "Points taken back"), ("Purchase", "40.00"), ("Joined",))
    ):
        for word in words:
            await expect(happened.nth(place)).to_contain_text(word)


async def test_a_dead_letter_is_sent_again(visit: Visit, database: Pool) -> None:
    key = f"nobody-{secrets.token_hex(3)}"
    async with database.acquire() as conn:
        await add_dead_letter(conn, key.encode())
    page = await visit.page()
    await page.goto("/pipeline")
    row = page.get_by_role("row").filter(has_text=key)
    await row.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("Sent again.", exact=True)).to_be_visible()
    await page.get_by_text("Resolved", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text=key).filter(has_text="sent again").first).to_be_visible()


async def test_nobody_is_offered_what_the_role_may_not_do(admin_web: WebApp, visits: Visits, desk: Desk) -> None:
    member = await desk.member("Katherine Johnson")
    seen = {}
    for role in ("viewer", "operator"):
        visit = await visits.begin(admin_web.url)
        await enter(visit.context, await desk.colleague("viewer" if role == "viewer" else "operator"))
        page = await visit.page()
        await page.goto(f"/members/{member}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Katherine Johnson")
        seen[role] = [await page.get_by_role("button", name=name).count() for name in ("Adjust points", "Erase")]
        await page.goto("/rules")
        await expect(page.get_by_role("link", name="A point a dollar")).to_be_visible()
        assert await page.get_by_role("link", name="Draft a rule").count() == 0
    assert seen == {"viewer": [0, 0], "operator": [1, 0]}


async def test_the_palette_finds_pages_and_members(visit: Visit, desk: Desk) -> None:
    name = f"Dorothy {secrets.token_hex(4)}"
    member = await desk.member(name)
    page = await visit.page()
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    await page.keyboard.press("Control+k")
    await page.get_by_placeholder("Search and go to").fill(name)
    await page.get_by_role("dialog").get_by_text("0 points").click()
    await page.wait_for_url(f"**/members/{member}")


async def test_a_session_that_ends_keeps_what_was_typed(visit: Visit) -> None:
    visit.expect("401")
    page = await visit.page()
    await page.goto("/rules/new")
    await page.get_by_role("textbox", name="Name").fill("Half a rule")
    # until it has answered, the simulator might find out first, and its dialog lie over the button
    await expect(page.get_by_role("region", name="Try it out").get_by_text("With this rule")).to_be_visible()
    await visit.context.clear_cookies()
    await page.get_by_role("button", name="Save as a draft").click()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    await dialog.get_by_role("textbox", name="Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Sign in").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("textbox", name="Name")).to_have_value("Half a rule")
    await page.get_by_role("button", name="Save as a draft").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Half a rule")


async def test_voucher_codes_from_a_file_say_what_became_of_each_line(visit: Visit, desk: Desk) -> None:
    tag = secrets.token_hex(4)
    reward = await desk.post(
        "/rewards", {"name": f"Cinema {tag}", "points_cost": 500, "voucher_source": "uploaded", "active": True}
    )
    page = await visit.page()
    await page.goto(f"/rewards/{reward['reward_id']}")
    panel = page.get_by_role("region", name="Codes to hand out")
    file: FilePayload = {
        "name": "codes.csv",
        "mimeType": "text/csv",
        "buffer": f"{tag}-1\n{tag}-2\n{tag}-1\n{'x' * 300}\n".encode(),
    }
    for status in ("As in line 1", "The reward had it before"):
        await page.locator("input[type=file]").set_input_files(file)
        await panel.get_by_role("button", name="Upload codes").click()
        await expect(panel.get_by_text("Every line was read.")).to_be_visible()
        await expect(panel.get_by_role("row", name=f"3 {tag}-1 {status}")).to_be_visible()
        await expect(panel.get_by_role("row", name="4 – code:")).to_be_visible()
        await expect(panel.get_by_text("2 codes")).to_be_visible()
    await expect(panel.get_by_role("row", name=f"2 {tag}-2 The reward had it before")).to_be_visible()
    await settled(page)
    assert await axe_violations(page) == []


async def test_purchases_from_a_file_are_checked_then_recorded(visit: Visit, desk: Desk) -> None:
    member = await desk.member("Annie Easley")
    merchant = await desk.post("/merchants", {"name": f"Paper till {secrets.token_hex(3)}"})
    currency = (await desk.get("/program"))["currency"]

    def file(amounts: list[str]) -> FilePayload:
        lines = [f"till-{n},{member},2026-01-05T10:00:00Z,{amount},{currency}" for n, amount in enumerate(amounts)]
        text = "\n".join(("external_id,member_id,occurred_at,amount,currency", *lines))
        return {"name": "purchases.csv", "mimeType": "text/csv", "buffer": text.encode()}

    page = await visit.page()
    await page.goto("/transfer")
    panel = page.get_by_role("region", name="Import purchases")
    await panel.get_by_role("combobox", name="Whose purchases").click()
    await page.get_by_role("option", name=merchant["name"]).click()
    await page.locator("input[type=file]").set_input_files(file(["1.00"] * CHECKED))
    await panel.get_by_role("button", name="Check").click()
    await expect(panel.get_by_text(f"of {CHECKED:,} lines")).to_be_visible()
    await expect(panel.get_by_text("Done.")).to_be_visible(timeout=AWARD_MS)
    await expect(panel.get_by_text("Would be recorded")).to_be_visible()
    await expect(panel.get_by_text(f"{CHECKED:,}", exact=True)).to_be_visible()

    await page.locator("input[type=file]").set_input_files(file(["7.50", "much", "2.50"]))
    await panel.get_by_role("checkbox", name="Only check it").uncheck()
    await panel.get_by_role("button", name="Import", exact=True).click()
    await expect(panel.get_by_role("row", name="3 till-1 amount: Should be an amount in digits")).to_be_visible()
    await expect(panel.get_by_text("Done.")).to_be_visible()
    await settled(page)
    assert await axe_violations(page) == []
    await page.goto(f"/members/{member}?tab=timeline")
    await page.get_by_role("link", name="till-2").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Purchase till-2")
