"""What opens over a page of the Admin Web (menus, choices, dialogs, the palette) holds what a page must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.campaigns import sized
from tests.support.webapps import WebApp
from tests.web.administrators import enter, signed_in
from tests.web.places import PLACES
from tests.web.visiting import EVERY_LOOK, Visits, hold, look

OPEN_LOOKS = sized(((360, "dark"),), tuple(EVERY_LOOK))
POPUPS = "main [aria-haspopup]:enabled:not(.mantine-TagsInput-inputField):visible"
"""All that opens something to choose from; what takes words of one's own has nothing to show."""
WITH_POPUPS = (
    "members", "transactions", "redemptions", "referrals", "rule-new", "rule-edit", "replay-new", "reward",
    "reward-new", "tiers", "transfer", "program",
)  # fmt: skip


@dataclass(frozen=True)
class Dialog:
    """How one comes to a dialog: the page, and the button that opens it."""

    place: str
    button: str


DIALOGS: Mapping[str, Dialog] = {
    "enrol": Dialog("members", "Enrol a member"),
    "adjust": Dialog("member", "Adjust points"),
    "edit": Dialog("member", "Edit"),
    "erase": Dialog("member", "Erase"),
    "refund": Dialog("transaction", "Refund"),
    "retire": Dialog("rule", "Take out of force"),
    "stock": Dialog("reward", "Change the stock"),
    "merchant": Dialog("merchants", "Take on a merchant"),
    "key": Dialog("merchant", "Issue a key"),
    "signing-key": Dialog("merchant", "Add a signing key"),
    "webhook": Dialog("webhooks", "Add a webhook"),
    "webhook-edit": Dialog("webhook", "Edit"),
    "webhook-secret": Dialog("webhook", "Replace the secret"),
    "webhook-delete": Dialog("webhook", "Delete"),
    "admin": Dialog("admins", "Add an administrator"),
    "admin-edit": Dialog("admins", "Change"),
}


@pytest.mark.parametrize("name", sized(("adjust", "signing-key", "webhook", "admin-edit"), tuple(DIALOGS)))
async def test_a_dialog_in_every_look(admin_web: WebApp, visits: Visits, known: dict[str, str], name: str) -> None:
    page = await signed_in(visits, admin_web)
    for width, scheme in OPEN_LOOKS:
        await look(page, width, scheme)
        await page.goto(PLACES[DIALOGS[name].place].format(**known))
        await page.get_by_role("button", name=DIALOGS[name].button, exact=True).first.click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        await hold(page, f"admin-open-{name}-{width}-{scheme}")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()


@pytest.mark.parametrize("name", sized(("members", "rule-new"), WITH_POPUPS))
async def test_every_list_of_choices_of_a_page(
    admin_web: WebApp, visits: Visits, known: dict[str, str], name: str
) -> None:
    page = await signed_in(visits, admin_web)
    for width, scheme in OPEN_LOOKS:
        await look(page, width, scheme)
        await page.goto(PLACES[name].format(**known))
        await expect(page.locator("h1").first).to_be_visible()
        await expect(page.locator(".mantine-Skeleton-root")).to_have_count(0)
        for number in range(await page.locator(POPUPS).count()):
            await _open(page, page.locator(POPUPS).nth(number))
            await hold(page, f"admin-open-{name}-{number}-{width}-{scheme}")
            await page.keyboard.press("Escape")
            await expect(page.locator("[aria-expanded=true][aria-haspopup]")).to_have_count(0)


async def _open(page: Page, control: Locator) -> None:
    await control.click()
    await expect(page.locator("[role=listbox]:visible, [role=menu]:visible").first).to_be_visible()


async def test_the_menu_of_ones_account_in_every_look(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> None:
    page = await signed_in(visits, admin_web)
    for width, scheme in OPEN_LOOKS:
        await look(page, width, scheme)
        await page.goto("/tiers")
        await page.get_by_role("button", name="Your account").click()
        await expect(page.get_by_role("menuitem", name="Light")).to_be_focused()
        await hold(page, f"admin-open-account-{width}-{scheme}")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Your account")).to_be_focused()


async def test_the_palette_in_every_look(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> None:
    page = await signed_in(visits, admin_web)
    for width, scheme in OPEN_LOOKS:
        await look(page, width, scheme)
        await page.goto("/")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        await page.keyboard.press("Control+k")
        box = page.get_by_placeholder("Search and go to")
        for typed, shown in (("", "Earning rules"), ("zo", "points"), ("nothing is called this", "Nothing found")):
            await box.fill(typed)
            await expect(page.get_by_role("dialog").get_by_text(shown).first).to_be_visible()
            await hold(page, f"admin-open-palette-{typed[:2] or 'all'}-{width}-{scheme}")


async def test_the_menu_of_pages_on_a_phone(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> None:
    visit = await visits.begin(admin_web.url, width=360)
    await enter(visit.context)
    page = await visit.page()
    for scheme in ("light", "dark"):
        await look(page, 360, "dark" if scheme == "dark" else "light")
        await page.goto("/members")
        await page.get_by_role("button", name="Menu", exact=True).click()
        await expect(page.get_by_role("link", name="Earning rules")).to_be_in_viewport()
        await hold(page, f"admin-open-pages-360-{scheme}")
        await page.get_by_role("link", name="Earning rules").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Earning rules")
        await expect(page.get_by_role("link", name="Audit log")).not_to_be_in_viewport()
