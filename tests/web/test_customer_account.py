"""What a member does with the account itself: a new password, the data as a file, leaving, friends, codes to show."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Page, Route, expect

from tests.support.system import System
from tests.support.webapps import WebApp
from tests.web.administrators import Desk, ensure_first, enter
from tests.web.members import PASSWORD, Member, buy_and_earn, join, redeem
from tests.web.visiting import PATIENCE_MS, Visit, Visits, axe_violations, screenshot

NEW_PASSWORD = "another long password"


async def _member_at(visits: Visits, app: WebApp, path: str) -> tuple[Visit, Page, Member]:
    visit = await visits.begin(app.url)
    member = await join(visit.context)
    page = await visit.page()
    await page.goto(path)
    return visit, page, member


async def test_a_new_password_signs_out_and_is_the_one_that_counts(customer_web: WebApp, visits: Visits) -> None:
    visit, page, member = await _member_at(visits, customer_web, "/profile")
    visit.expect("401 (Unauthorized)", "403 (Forbidden)", "422 (Unprocessable")
    await page.get_by_label("Present password").fill("not the password")
    await page.get_by_label("New password").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Change it and sign in again").click()
    await expect(page.get_by_role("main").get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("New password")).to_have_value(NEW_PASSWORD)

    await page.get_by_label("Present password").fill(PASSWORD)
    await page.get_by_role("button", name="Change it and sign in again").click()
    await expect(page).to_have_url(f"{customer_web.url}/sign-in")
    for password, entered in ((PASSWORD, False), (NEW_PASSWORD, True)):
        await page.get_by_label("Email").fill(member.email)
        await page.get_by_role("textbox", name="Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        if entered:
            await expect(page.get_by_role("heading", name="Hello, Ada Lovelace")).to_be_visible()
        else:
            await expect(page.get_by_text("The email or the password is wrong.")).to_be_visible()


async def test_what_was_typed_early_counts_and_stays_out_of_the_address(customer_web: WebApp, visits: Visits) -> None:
    member = await join((await visits.begin(customer_web.url)).context)
    page = await (await visits.begin(customer_web.url)).page()
    ready = asyncio.Event()

    async def once_ready(route: Route) -> None:
        await ready.wait()
        await route.continue_()

    await page.route("**/*.js", once_ready)
    await page.goto("/sign-in", wait_until="commit")
    await page.get_by_label("Email").fill(member.email)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("textbox", name="Password").press("Enter")
    await expect(page.get_by_role("button", name="Sign in")).to_be_disabled()
    assert urlsplit(page.url).query == ""
    ready.set()
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Hello, Ada Lovelace")).to_be_visible()


async def test_everything_that_is_held_of_a_member_comes_as_a_file(
    customer_web: WebApp, visits: Visits, tmp_path: Path
) -> None:
    visit, page, member = await _member_at(visits, customer_web, "/profile")
    transaction_id = await buy_and_earn(visit.context, bread=1)
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Download my data").click()
    file = tmp_path / "data.json"
    await (await coming.value).save_as(file)
    held = json.loads(file.read_text())
    assert held["member"]["email"] == member.email
    assert [purchase["transaction_id"] for purchase in held["transactions"]] == [transaction_id]


async def test_who_leaves_is_asked_for_the_password_and_then_forgotten(customer_web: WebApp, visits: Visits) -> None:
    visit, page, member = await _member_at(visits, customer_web, "/profile")
    visit.expect("401 (Unauthorized)", "403 (Forbidden)")
    await buy_and_earn(visit.context, steak=1)
    await page.reload()
    await page.get_by_role("button", name="Close my account").click()
    dialog = page.get_by_role("dialog", name="Close your account?")
    await expect(dialog.get_by_text("You lose")).to_be_visible()
    await dialog.get_by_role("textbox", name="Your password").fill("not the password")
    await dialog.get_by_role("button", name="Erase everything").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()

    await dialog.get_by_role("textbox", name="Your password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Erase everything").click()
    await expect(page).to_have_url(f"{customer_web.url}/sign-in")
    await page.get_by_label("Email").fill(member.email)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("main").get_by_role("alert")).to_be_visible()


async def test_a_code_is_shown_copied_and_drawn(customer_web: WebApp, visits: Visits) -> None:
    visit, page, _ = await _member_at(visits, customer_web, "/")
    await visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await buy_and_earn(visit.context, steak=10)
    code = (await redeem(visit.context, "Coffee"))["voucher_code"]
    await page.goto("/redemptions")
    await page.get_by_role("button", name="Show code").click()
    await expect(page.get_by_text(code)).to_be_visible()
    await page.get_by_role("button", name="Copy: Your code").click()
    await expect(page.get_by_role("button", name="Copied: Your code")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == code
    drawn = page.get_by_role("img", name="The code as a QR code")
    assert await drawn.locator("path").get_attribute("d")
    box = await drawn.bounding_box()
    assert box is not None
    assert box["width"] == box["height"] >= 160, "as large as a scanner wants it"


async def test_a_redemption_that_the_staff_cancel_says_so_on_the_open_page(
    customer_web: WebApp, admin_web: WebApp, system: System, visits: Visits
) -> None:
    visit, page, _ = await _member_at(visits, customer_web, "/")
    await buy_and_earn(visit.context, steak=10)
    await expect(page.get_by_test_id("available")).not_to_have_text("0 points")
    before = await page.get_by_test_id("available").inner_text()
    redemption = await redeem(visit.context, "Coffee")
    await page.goto("/redemptions")
    await expect(page.get_by_text("Yours", exact=True)).to_be_visible()

    ensure_first(system)
    staff = await visits.begin(admin_web.url)
    await enter(staff.context)
    await Desk(staff.context).post(f"/redemptions/{redemption['redemption_id']}/cancel", {"reason": "mistake"})
    await expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    await expect(page.get_by_text("The points are back in your balance.")).to_be_visible()
    await page.get_by_role("link", name="Home").first.click()
    await expect(page.get_by_test_id("available")).to_have_text(before)


async def test_a_friend_joins_by_the_link_and_is_counted_without_a_name(customer_web: WebApp, visits: Visits) -> None:
    visit, page, _ = await _member_at(visits, customer_web, "/friends")
    await visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the link").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = await page.evaluate("navigator.clipboard.readText()")
    code = await page.get_by_test_id("friend-code").inner_text()

    other = await visits.begin(customer_web.url)
    other.expect("422 (Unprocessable")
    friend = await other.page()
    await friend.goto(link)
    await expect(friend.get_by_label("A friend's code")).to_have_value(code)
    await friend.get_by_label("Name").fill("Grace Hopper")
    await friend.get_by_label("Email").fill("grace-of-the-friends@example.com")
    await friend.get_by_label("Password", exact=True).fill(PASSWORD)
    await friend.get_by_label("A friend's code").fill("NOBODYS")
    await friend.get_by_role("button", name="Join").click()
    await expect(friend.get_by_text("This is not the code of another member").first).to_be_visible()
    await friend.get_by_label("A friend's code").fill(code)
    await friend.get_by_role("button", name="Join").click()
    await expect(friend.get_by_role("heading", name="Hello, Grace Hopper")).to_be_visible()

    await page.reload()
    await expect(page.get_by_text("Has not bought yet")).to_be_visible()
    await expect(page.get_by_text("Grace")).to_have_count(0)
    await screenshot(page, "customer-friends-1440-light")
    assert await axe_violations(page) == []


async def test_without_a_network_the_page_says_so_and_comes_back_by_itself(
    customer_web: WebApp, visits: Visits
) -> None:
    visit, page, _ = await _member_at(visits, customer_web, "/")
    visit.expect("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch")
    await page.evaluate("navigator.serviceWorker.ready")
    await page.reload()
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await visit.context.set_offline(True)
    await expect(page.get_by_text("You are offline. What you see may be out of date.")).to_be_visible()
    await page.goto("/rewards")
    await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    await expect(page.get_by_role("heading", name="Keine Verbindung")).to_be_visible()
    await screenshot(page, "customer-offline-1440-light")
    assert await axe_violations(page) == []
    await visit.context.set_offline(False)
    await expect(page.get_by_role("heading", name="Rewards", exact=True)).to_be_visible(timeout=PATIENCE_MS)


async def test_the_app_can_be_installed(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url)
    page = await visit.page()
    await page.goto("/sign-in")
    session = await visit.context.new_cdp_session(page)
    assert (await session.send("Page.getInstallabilityErrors"))["installabilityErrors"] in (
        [],
        [{"errorId": "in-incognito", "errorArguments": []}],
    )
