"""The seed's two flows, from the page: buying brings points, redeeming brings an outcome, both without a reload."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.support.webapps import WebApp
from tests.web.members import PASSWORD, join
from tests.web.visiting import Visits


async def test_joining_buying_and_redeeming_from_the_pages(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url)
    page = await visit.page()
    await page.goto("/rewards")
    await page.get_by_role("link", name="Join").click()
    await page.get_by_label("Name").fill("Ada Lovelace")
    await page.get_by_label("Email").fill("ada-of-the-flows@example.com")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()

    await expect(page.get_by_role("heading", name="Hello, Ada Lovelace")).to_be_visible()
    await expect(page.get_by_test_id("available")).to_have_text("0 points")
    await expect(page.get_by_text(re.compile(r"^US\$[\d,.]+ to Silver$"))).to_be_visible()
    await expect(page.get_by_role("progressbar", name="Progress to Silver")).to_have_attribute("aria-valuenow", "0")

    await page.get_by_role("link", name="Shop", exact=True).click()
    for _ in range(5):
        await page.get_by_role("button", name=re.compile("Add Steak|One more Steak")).click()
    await page.get_by_role("button", name="Buy for US$92.50").click()
    await expect(page.get_by_test_id("earned")).to_have_text(re.compile(r"^\+\d+ points earned$"))

    await page.get_by_role("link", name="Why these points?").click()
    await expect(page.get_by_test_id("receipt-points")).to_have_text(re.compile(r"^\+\d+ points$"))
    await expect(page.get_by_text("Three points for two dollars on meat and fish").first).to_be_visible()

    await page.get_by_role("link", name="Rewards", exact=True).click()
    await page.get_by_role("button", name="Redeem Coffee").click()
    await page.get_by_role("button", name="Redeem for 40 points").click()
    await expect(page.get_by_text("It is yours!")).to_be_visible()


async def test_points_arrive_on_a_page_that_is_open(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url)
    await join(visit.context)
    home, shop = await visit.page(), await visit.page()
    await home.goto("/")
    await expect(home.get_by_test_id("available")).to_have_text("0 points")
    await shop.goto("/shop")
    await shop.get_by_role("button", name="Add Steak").click()
    await shop.get_by_role("button", name="Buy for").click()

    await expect(home.get_by_test_id("available")).not_to_have_text("0 points")
    await expect(home.get_by_text("US$18.50")).to_be_visible()
