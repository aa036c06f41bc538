"""Pages in a browser, and what every page must hold: no error, no foreign host, nothing that axe finds wrong."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Route,
    expect,
)

from stack.node import WEB
from tests.support.campaigns import sized
from tests.support.waiting import eventually

Scheme = Literal["light", "dark"]

ARTEFACTS = Path(__file__).parents[2] / "build" / "screenshots"
WIDTHS = {360: 780, 1440: 900}
EVERY_LOOK: list[tuple[int, Scheme]] = [(width, scheme) for width in WIDTHS for scheme in ("light", "dark")]
LOOKS = sized([look for look in EVERY_LOOK if look in {(360, "dark"), (1440, "light")}], EVERY_LOOK)
"""Width and colours in which each page is held; both widths and both colours even in a short run."""
LATE_SCRIPTS_SECONDS = sized(0.0, 0.7)
"""In a long run every page's scripts come late, as on a poor line: what is pressed early must not be lost."""
PATIENCE_MS = 20_000
INTERACTION_MS = 200
"""So long a page may let somebody wait who presses a key or scrolls."""
PATIENCE_SECONDS = 20
PICTURES_HERE = "Array.from(document.images).every((one) => one.complete)"
NOTHING_MOVES = "document.getAnimations().every(({playState}) => playState !== 'running')"


@dataclass
class Visit:
    """One browser profile of one person."""

    context: BrowserContext
    base: str
    errors: list[str] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)
    expected: tuple[str, ...] = ()

    def expect(self, *parts: str) -> None:
        """Errors that the test brings about itself."""
        self.expected += parts

    async def page(self) -> Page:
        """A further tab."""
        page = await self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._note(str(error)))
        return page

    def watch(self) -> None:
        self.context.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note(f"{message.text} ({message.location})")

    def _note(self, text: str) -> None:
        if not any(part in text for part in self.expected):
            self.errors.append(text)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.base).netloc:
            self.strangers.add(request.url)


class Visits:
    """The visits of one test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._visits: list[Visit] = []

    async def begin(
        self, base: str, *, width: int = 1440, scheme: Scheme = "light", locale: str = "en-GB", zone: str = "UTC"
    ) -> Visit:
        """A browser profile that knows nobody, at the app's address."""
        context = await self._browser.new_context(
            base_url=base,
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme=scheme,
            locale=locale,
            timezone_id=zone,
            reduced_motion="reduce",
        )
        if LATE_SCRIPTS_SECONDS:
            await context.route("**/*.js", _late)
        visit = Visit(context, base)
        visit.watch()
        self._visits.append(visit)
        return visit

    async def close(self) -> None:
        for visit in self._visits:
            await visit.context.close()
        errors = [error for visit in self._visits for error in visit.errors]
        strangers = {url for visit in self._visits for url in visit.strangers}
        assert not errors, f"the pages logged: {errors}"
        assert not strangers, f"the pages asked other hosts: {strangers}"


async def _late(route: Route) -> None:
    await asyncio.sleep(LATE_SCRIPTS_SECONDS)
    with suppress(Error):  # the page has gone meanwhile
        await route.continue_()


async def settled(page: Page) -> None:
    """The page is there, nothing is loading any more, every picture is there and nothing moves."""
    # a dialog hides the page's own heading from all but the eye
    await expect(page.locator("h1").first).to_be_visible()
    await expect(page.locator(".mantine-Skeleton-root")).to_have_count(0)
    for still in (PICTURES_HERE, NOTHING_MOVES):
        await eventually(partial(page.evaluate, still), PATIENCE_SECONDS)


async def look(page: Page, width: int, scheme: Scheme) -> None:
    """Give the page this width and these colours."""
    await page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


async def hold(page: Page, name: str) -> None:
    """What every page must hold once it has settled; its picture is kept under this name."""
    await settled(page)
    await screenshot(page, name)
    violations = await axe_violations(page)
    assert violations == [], "\n".join(violations)
    assert await width_overflow(page) == 0


async def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now: rule, and the element."""
    await page.evaluate(_axe())
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:300]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def screenshot(page: Page, name: str) -> None:
    """Keep the whole page as a picture, to be looked at."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


@dataclass(frozen=True, slots=True)
class PageCpu:
    """The CPU that a page's main thread takes: how long it could not have answered anybody, on whatever machine."""

    session: CDPSession

    @classmethod
    async def of(cls, page: Page) -> PageCpu:
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        return cls(session)

    async def milliseconds(self) -> float:
        """Since the page began, without what the test itself had it do."""
        metrics = (await self.session.send("Performance.getMetrics"))["metrics"]
        seconds = {metric["name"]: float(metric["value"]) for metric in metrics}
        return 1000 * (seconds["TaskDuration"] - seconds["DevToolsCommandDuration"])


async def width_overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    overflow: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return overflow


@lru_cache
def _axe() -> str:
    return (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text()
