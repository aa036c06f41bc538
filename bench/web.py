"""The web apps of a running Laurel: `make run` in one terminal, then `python -m bench.web` in another.

Prints what the apps' servers hold in memory, how much JavaScript the member's home loads at first, compressed, and what
Lighthouse finds (phone and desk): medians of several runs, since one says little on a machine that does other work.
With --pictures it also writes the README's screenshots of both apps. Needs a Chromium on PATH or in LAUREL_BROWSER.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import secrets
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from bench.common import report
from stack import control
from stack.node import NPM
from stack.node import environment as node_environment
from tests.support.browser import browser_path, script_bytes

DOCS = Path(__file__).parents[1] / "docs"
OWN = {"x-laurel": "1"}
LIGHTHOUSE = "lighthouse@13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = {"largest-contentful-paint": "ms", "total-blocking-time": "ms"}
RUNS = 5
PAGES = {"home": "/", "rewards": "/rewards"}
VIEW: ViewportSize = {"width": 1440, "height": 900}
COOKIE = "laurel-customer"


def main() -> None:
    """Measure, and print each figure as a line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", action="store_true", help="write docs/customer-web.png and docs/admin-web.png")
    parser.add_argument("--no-lighthouse", action="store_true", help="leave Lighthouse out")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of Lighthouse for each page and form ({RUNS})")
    arguments = parser.parse_args()
    known = {**control.environment_of(control.home_of(os.environ)), **os.environ}
    for app in ("customer", "admin"):
        report("web", f"{app}_web_resident_memory", _memory_mib(known[f"LAUREL_{app.upper()}_WEB_URL"]), "MiB")
    asyncio.run(_measure(known, pictures=arguments.pictures, runs=0 if arguments.no_lighthouse else arguments.runs))


def _memory_mib(url: str) -> int:
    """What is resident of the process that listens at this address."""
    port = urlsplit(url).port
    listening = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
    process = next((one.pid for one in listening if one.laddr and one.laddr.port == port), None)
    if process is None:
        raise SystemExit(f"{url}: nobody listens there, or another user's process does")
    return round(psutil.Process(process).memory_info().rss / 2**20)


async def _measure(known: dict[str, str], *, pictures: bool, runs: int) -> None:
    url, browser_file = known["LAUREL_CUSTOMER_WEB_URL"], browser_path()
    async with async_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=browser_file, args=flags)
        member = await browser.new_context(base_url=url, viewport=VIEW)
        await _join(member)
        report("web", "customer_home_first_load_javascript", round(await _script_bytes(member) / 1024, 1), "KiB")
        if pictures:
            await _picture(member, "/", DOCS / "customer-web.png")
            await _picture_of_admin(browser, known)
        cookies = await member.cookies()
        await browser.close()
    if runs:
        session = next(cookie["value"] for cookie in cookies if cookie["name"] == COOKIE)
        for form, (name, path) in itertools.product(("mobile", "desktop"), PAGES.items()):
            found = [_lighthouse(f"{url}{path}", session, browser_file, form) for _ in range(runs)]
            for figure in found[0]:
                median = round(statistics.median(one[figure] for one in found))
                report("web", f"lighthouse_{name}_{form}_{figure}", median, TIMES.get(figure, "points of 100"))


async def _join(context: BrowserContext) -> None:
    """A member with a few purchases, so that home has something to show."""
    person = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe(12)}
    for path, body in (("/api/customer/register", {**person, "name": "Ada Lovelace"}), ("/api/session", person)):
        await _post(context, path, body)
    for basket in ({"steak": 6, "apples": 3}, {"bread": 1, "cheese": 2}, {"salmon": 9, "flowers": 1}):
        await _post(context, "/api/shop/orders", {"orderId": secrets.token_hex(16), "basket": basket})


async def _post(context: BrowserContext, path: str, body: dict[str, Any]) -> None:
    answer = await context.request.post(path, data=body, headers=OWN)
    if not answer.ok:
        raise SystemExit(f"{path}: {answer.status} {await answer.text()}")


async def _script_bytes(context: BrowserContext) -> int:
    """The bytes of all scripts as they come over the wire when home is opened with an empty cache."""
    page = await context.new_page()
    weight = await script_bytes(page, "/", _settle)
    await page.close()
    return weight


async def _picture(context: BrowserContext, path: str, file: Path) -> None:
    page = await context.new_page()
    await page.goto(path)
    await _settle(page)
    await page.screenshot(path=file)
    await page.close()


async def _picture_of_admin(browser: Browser, known: dict[str, str]) -> None:
    context = await browser.new_context(base_url=known["LAUREL_ADMIN_WEB_URL"], viewport=VIEW)
    administrator = {"email": known["LAUREL_ADMIN_EMAIL"], "password": known["LAUREL_ADMIN_PASSWORD"]}
    await _post(context, "/api/session", administrator)
    await _picture(context, "/", DOCS / "admin-web.png")


async def _settle(page: Page) -> None:
    """Wait until it has what it asked for; its stream of events stays open for good."""
    await page.locator("h1").wait_for()
    await page.locator(".mantine-Skeleton-root").first.wait_for(state="detached")
    await page.wait_for_timeout(2_000)


def _lighthouse(url: str, session: str, browser_file: str, form: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="laurel-lighthouse-") as folder:
        headers, output = Path(folder, "headers.json"), Path(folder, "report.json")
        headers.write_text(json.dumps({"Cookie": f"{COOKIE}={session}"}))
        flags = "--headless=new" + (" --no-sandbox" if os.geteuid() == 0 else "")
        command = (
            [*NPM, "exec", "--yes", "--", LIGHTHOUSE, url, f"--chrome-flags={flags}", "--output=json"]
            + [f"--output-path={output}", f"--extra-headers={headers}", f"--only-categories={','.join(CATEGORIES)}"]
            + (["--preset=desktop"] if form == "desktop" else [])
            + ["--quiet"]
        )
        environment = {**node_environment(os.environ), "CHROME_PATH": browser_file}
        # now and then Chromium records a trace without its beginning, and Lighthouse asks to be run again
        if subprocess.run(command, check=False, env=environment).returncode:
            subprocess.run(command, env=environment, check=True)
        found = json.loads(output.read_text())
        scores = {category: 100 * found["categories"][category]["score"] for category in CATEGORIES}
        return scores | {time: found["audits"][time]["numericValue"] for time in TIMES}


if __name__ == "__main__":
    main()
