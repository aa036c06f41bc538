"""What a role may not do is offered on no page: all that is offered is pressed, and the API refuses none of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Page, Response, expect

from tests.support.campaigns import sized
from tests.support.webapps import WebApp
from tests.web.administrators import Desk, Role, enter
from tests.web.places import PLACES
from tests.web.visiting import Visits, settled

READING = frozenset({"/api/session", "/api/admin/earning-rules/simulate"})
"""What is sent without changing anything."""
BUTTONS = "main button:enabled:not([aria-haspopup]):visible"
FIELDS = "main form :is(input, textarea, select):enabled:visible"
ADMIN_ONLY = (
    "Erase", "Erase for good", "Draft an earning rule", "Draft a rule", "Put in force", "Put on trial",
    "Take out of force", "New version", "Save as a draft", "Save the ladder", "Take on a merchant", "Issue a key",
    "Add a signing key", "Replace", "Revoke", "Add a webhook", "Send a test", "Replace the secret", "Delete",
    "Send again", "Leave for good", "Publish again", "Add an administrator", "Change",
)  # fmt: skip


SHORT = ("member", "rule", "rule-new", "merchant", "admins")
HELD = {name: PLACES[name] for name in sized(SHORT, tuple(PLACES))}
SETTINGS = sized(("reward",), ("reward", "reward-new", "tiers", "program", "referrals"))


@pytest_asyncio.fixture(loop_scope="session")
async def colleagues(admin_web: WebApp, visits: Visits, known: dict[str, str]) -> AsyncIterator[dict[Role, Page]]:
    """Tabs of a viewer and of an operator."""
    first = await visits.begin(admin_web.url)
    await enter(first.context)
    tabs: dict[Role, Page] = {}
    roles: tuple[Role, ...] = ("viewer", "operator")
    for role in roles:
        visit = await visits.begin(admin_web.url)
        await enter(visit.context, await Desk(first.context).colleague(role))
        tabs[role] = await visit.page()
    yield tabs


async def test_a_viewer_can_press_everything_and_changes_nothing(
    colleagues: dict[Role, Page], known: dict[str, str]
) -> None:
    page = colleagues["viewer"]
    wrongs: list[str] = []

    def note(answer: Response) -> None:
        path = urlsplit(answer.url).path
        if answer.status == 403 or (answer.request.method != "GET" and path not in READING):
            wrongs.append(f"{answer.request.method} {path} {answer.status} on {page.url}")

    page.on("response", note)
    for name, place in HELD.items():
        await page.goto(place.format(**known))
        await settled(page)
        assert await _offered(page) == set(), f"{name} offers it to a viewer"
        await _press_everything(page)
        assert wrongs == [], name


async def _offered(page: Page) -> set[str]:
    """What only administrators may do, and is there to be pressed."""
    shown = await page.locator("main :is(button:enabled, a):visible").all_inner_texts()
    return {text.strip() for text in shown} & set(ADMIN_ONLY)


async def _press_everything(page: Page) -> None:
    place, buttons = page.url, page.locator(BUTTONS)
    for number in range(await buttons.count()):
        if number >= await buttons.count():
            return
        await buttons.nth(number).click()
        await page.keyboard.press("Escape")
        if page.url != place:
            await page.goto(place)
            await settled(page)


async def test_a_viewer_fills_in_no_settings(colleagues: dict[Role, Page], known: dict[str, str]) -> None:
    page = colleagues["viewer"]
    for name in SETTINGS:
        await page.goto(PLACES[name].format(**known))
        await settled(page)
        assert await page.locator(FIELDS).count() == 0, name


async def test_an_operator_is_offered_nothing_of_an_administrators(
    colleagues: dict[Role, Page], known: dict[str, str]
) -> None:
    page = colleagues["operator"]
    for name, place in HELD.items():
        await page.goto(place.format(**known))
        await settled(page)
        assert await _offered(page) == set(), f"{name} offers it to an operator"
    await page.goto(f"/members/{known['member']}")
    await expect(page.get_by_role("button", name="Adjust points")).to_be_visible()
