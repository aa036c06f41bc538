"""The web apps in a real browser, against one real system for the whole session."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from loyalty.store.database import Pool, open_pool
from tests.e2e.conftest import seed
from tests.support.browser import browser_path
from tests.support.databases import run_in_thread
from tests.support.servers import Servers
from tests.support.system import System, own_environment, running_system
from tests.support.webapps import WebApp, serving
from tests.web.administrators import Desk, Till, ensure_first, enter
from tests.web.places import SHOWN_AS
from tests.web.visiting import Visits

HERE = Path(__file__).parent
BUILD_AND_TEST_SECONDS = 900
"""The first test waits for the app to be built."""
SETTINGS = {
    "LAUREL_TRANSACTION_TRUST": "receipt",
    "LAUREL_LOGIN_LIMIT_PER_MINUTE": "10000",
    "LAUREL_RATE_LIMIT_PER_MINUTE": "1000000",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # a browser lives on one event loop; so do the tests that use it
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(BUILD_AND_TEST_SECONDS))


@pytest.fixture(scope="session")
def system(servers: Servers, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Laurel's processes with the demo program and its shop, which takes purchases with signed receipts only."""
    with own_environment(servers, template_database) as environment:
        run_in_thread(seed(environment["LAUREL_DATABASE_URL"]))
        with running_system({**environment, **SETTINGS}, tmp_path_factory.mktemp("system")) as running:
            yield running


@pytest.fixture(scope="session")
def shop_key(system: System) -> Path:
    """The demo shop's signing key."""
    file = system.folder / "shop-signing-key.json"
    system.laurel("receipt", "shop", f"--key-file={file}")
    return file


@pytest.fixture(scope="session")
def shop_id(shop_key: Path) -> UUID:
    """The merchant that the demo shop is."""
    return UUID(json.loads(shop_key.read_text())["merchant_id"])


@pytest.fixture(scope="session")
def customer_web(system: System, shop_key: Path) -> Iterator[WebApp]:
    settings = {
        "LAUREL_CUSTOMER_API_URL": system.customer_urls[0],
        "LAUREL_SHOP_SIGNING_KEY_FILE": str(shop_key),
    }
    with serving("customer", settings, system.folder) as running:
        yield running


@pytest.fixture(scope="session")
def admin_web(system: System) -> Iterator[WebApp]:
    with serving("admin", {"LAUREL_ADMIN_API_URL": system.url("admin-api")}, system.folder) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=browser_path(), args=flags)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visits(browser: Browser) -> AsyncIterator[Visits]:
    """Opens pages; at the end it holds against them what they logged and whom they asked."""
    opened = Visits(browser)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(system: System) -> AsyncIterator[Pool]:
    """The system's database."""
    async with await open_pool(system.environment["LAUREL_DATABASE_URL"], size=2, name="test") as pool:
        yield pool


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def known(system: System, admin_web: WebApp, browser: Browser) -> AsyncIterator[dict[str, str]]:
    """Ids of what the pages show: a member with a purchase, a rule in force, a reward with a stock, a merchant …"""
    ensure_first(system)
    context = await browser.new_context(base_url=admin_web.url)
    await enter(context)
    desk = Desk(context)
    till = await Till.of(desk, system.url("admin-api"))
    member = await desk.member(SHOWN_AS)
    currency = (await desk.get("/program"))["currency"]
    rules, rewards = [(await desk.get(path))["data"] for path in ("/earning-rules", "/rewards")]
    yield {
        "member": member,
        "transaction": await till.sell(member, "12.50", currency),
        "rule": next(rule["rule_id"] for rule in rules if rule["status"] == "active"),
        "reward": next(reward["reward_id"] for reward in rewards if reward["stock_remaining"] is not None),
        "merchant": (await desk.get("/merchants"))["data"][0]["merchant_id"],
        "webhook": (await desk.post("/webhooks", {"url": "https://example.com/laurel"}))["webhook_id"],
    }
    await context.close()
