"""What a session is to a page: nothing that it can read, nothing whose end costs what was typed."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.support.webapps import WebApp
from tests.web.members import OWN, PASSWORD, join
from tests.web.visiting import Visits

COOKIE = "laurel-customer"
STORES = """() => JSON.stringify([
  document.cookie, {...localStorage}, {...sessionStorage}, document.documentElement.outerHTML,
])"""


async def test_no_script_can_read_a_token(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url)
    answers: list[str] = []
    page = await visit.page()
    member = await join(visit.context)
    page.on("response", lambda answer: answers.append(str(answer.headers)))
    await page.goto("/")
    await expect(page.get_by_test_id("available")).to_be_visible()

    [cookie] = [cookie for cookie in await visit.context.cookies() if cookie["name"] == COOKIE]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    readable = await page.evaluate(STORES)
    assert cookie["value"] not in readable
    assert "eyJ" not in readable, "a JWT begins so"
    assert not any("access_token" in answer for answer in answers)

    body = {"email": member.email, "password": PASSWORD}
    entered = await visit.context.request.post("/api/session", data=body, headers=OWN)
    assert (entered.status, await entered.body()) == (204, b"")
    refused = await visit.context.request.post("/api/customer/login", data=body, headers=OWN)
    assert refused.status == 404


async def test_a_session_that_ends_in_the_middle_of_a_form_keeps_what_was_typed(
    customer_web: WebApp, visits: Visits
) -> None:
    visit = await visits.begin(customer_web.url)
    visit.expect("401 (Unauthorized)")
    member = await join(visit.context)
    page = await visit.page()
    await page.goto("/profile")
    await page.get_by_label("Name").fill("Augusta Ada King")
    await visit.context.clear_cookies(name=COOKIE)
    await page.get_by_role("button", name="Save").click()

    dialog = page.get_by_role("dialog", name="Your session has ended")
    await expect(dialog.get_by_label("Email")).to_have_value(member.email)
    await dialog.get_by_role("textbox", name="Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Sign in").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_label("Name")).to_have_value("Augusta Ada King")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()


async def test_a_cookie_that_this_server_did_not_seal_is_no_session(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url)
    await visit.context.add_cookies([{"name": COOKIE, "value": "eyJhbGciOiJub25lIn0.e30.", "url": customer_web.url}])
    page = await visit.page()
    await page.goto("/purchases?from=deep")
    await expect(page).to_have_url(f"{customer_web.url}/sign-in?next=%2Fpurchases%3Ffrom%3Ddeep")


async def test_signing_in_leads_to_the_page_that_was_asked_for_and_nowhere_else(
    customer_web: WebApp, visits: Visits
) -> None:
    visit = await visits.begin(customer_web.url)
    visit.expect("401 (Unauthorized)")
    member = await join(visit.context)
    page = await visit.page()
    for asked, reached in (("/rewards", "/rewards"), ("//evil.example/", "/"), ("https://evil.example/", "/")):
        await visit.context.clear_cookies(name=COOKIE)
        await page.goto(f"/sign-in?next={asked}")
        await _enter(page, member.email)
        await expect(page).to_have_url(customer_web.url + reached)


async def test_tabs_stay_in_step(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url)
    visit.expect("401 (Unauthorized)")
    await join(visit.context)
    first, second = await visit.page(), await visit.page()
    await first.goto("/")
    await second.goto("/rewards")
    await expect(second.get_by_role("button", name="Account")).to_be_visible()
    await first.get_by_role("button", name="Account").click()
    await first.get_by_role("menuitem", name="Sign out").click()
    await expect(first).to_have_url(f"{customer_web.url}/sign-in")
    await expect(second).to_have_url(f"{customer_web.url}/sign-in")


async def _enter(page: Page, email: str) -> None:
    await page.get_by_label("Email").fill(email)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
