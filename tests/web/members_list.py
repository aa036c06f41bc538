"""The console's list of members as somebody uses it who looks for one of very many: typing, and turning pages."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from statistics import median

from playwright.async_api import Locator, Page, Response, expect

from tests.support.campaigns import sized
from tests.web.visiting import PageCpu

PAGES = sized(6, 20)
ROWS = 50
SEARCHES = ("a", "an", "ann", "lov", "smy", "maria.lo", "crowd-1", "ada l", "nobody is called this")
NOBODY = SEARCHES[-1]
OBSERVE = """
window.interactions = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.interactionId) window.interactions.push(entry.duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
NEXT_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Seen:
    """What it took. An interaction lasts from the key or click to the next picture, as the browser itself tells it, and
    of a key also the CPU that the page's thread took is told; the list is there when its rows are."""

    interaction_ms: list[float] = field(default_factory=list)
    key_cpu_ms: list[float] = field(default_factory=list)
    search_ms: dict[str, float] = field(default_factory=dict)
    page_ms: list[float] = field(default_factory=list)
    most_nodes: int = 0
    most_rows: int = 0


async def use(page: Page) -> Seen:
    """Search as one types, turn twenty pages and come back."""
    seen = Seen()

    async def note(answer: Response) -> None:
        if "/api/admin/members?" in answer.url and answer.ok:
            seen.most_rows = max(seen.most_rows, len((await answer.json())["data"]))

    page.on("response", note)
    await page.add_init_script(OBSERVE)
    await page.goto("/members")
    await expect(_rows(page)).to_have_count(ROWS)
    cpu = await PageCpu.of(page)
    for text in SEARCHES:
        await _search(page, text, cpu, seen)
    await page.get_by_role("button", name="Clear the search").click()
    await _turn_pages(page, seen)
    seen.interaction_ms = await page.evaluate("window.interactions")
    return seen


async def _search(page: Page, text: str, cpu: PageCpu, seen: Seen) -> None:
    box = page.get_by_role("searchbox", name="Search members")
    await box.fill("")
    for key in text:
        before = await cpu.milliseconds()
        await box.press_sequentially(key)
        await page.evaluate(NEXT_FRAMES)
        seen.key_cpu_ms.append(await cpu.milliseconds() - before)
    since = time.perf_counter()
    if text == NOBODY:
        await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
    else:
        await expect(page).to_have_url(re.compile(f"search={re.escape(text.replace(' ', '+'))}$"))
        for row in (_rows(page).first, _rows(page).last):
            await expect(row).to_contain_text(text.split()[0], ignore_case=True)
    seen.search_ms[text] = 1000 * (time.perf_counter() - since)
    await _count(page, seen)


async def _turn_pages(page: Page, seen: Seen) -> None:
    await expect(page.get_by_text("Page 1 ·")).to_be_visible()
    await expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    first = await _rows(page).first.inner_text()
    turns = [("Next", number) for number in range(2, PAGES + 2)] + [("Previous", n) for n in range(PAGES, 0, -1)]
    for button, number in turns:
        since = time.perf_counter()
        await page.get_by_role("navigation", name="Pages").get_by_role("button", name=button).click()
        await expect(page.get_by_text(f"Page {number} ·")).to_be_visible()
        await expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        await expect(_rows(page)).to_have_count(ROWS)
        seen.page_ms.append(1000 * (time.perf_counter() - since))
        await _count(page, seen)
    await expect(_rows(page).first).to_have_text(first, use_inner_text=True)


def _rows(page: Page) -> Locator:
    return page.get_by_role("table", name="Members").locator("tbody tr")


async def _count(page: Page, seen: Seen) -> None:
    seen.most_nodes = max(seen.most_nodes, await page.evaluate("document.querySelectorAll('*').length"))


def figures(seen: Seen) -> dict[str, float]:
    """What is told of it, in milliseconds unless it is a count."""
    interactions = sorted(seen.interaction_ms)
    return {
        "interactions_of_16_ms_or_more": len(interactions),
        "interaction_p98_ms": interactions[int(0.98 * (len(interactions) - 1))],
        "interaction_longest_ms": interactions[-1],
        "key_cpu_median_ms": round(median(seen.key_cpu_ms), 1),
        "key_cpu_most_ms": round(max(seen.key_cpu_ms), 1),
        **{f"rows_after_typing {text!r} ms": round(took) for text, took in seen.search_ms.items()},
        "page_turned_median_ms": round(median(seen.page_ms)),
        "page_turned_longest_ms": round(max(seen.page_ms)),
        "most_elements": seen.most_nodes,
    }
