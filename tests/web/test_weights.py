"""What the web apps weigh: on the wire when a page is first opened, and at rest as an image."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import pytest
from playwright.async_api import Page

from stack import web
from stack.node import NODE, WEB
from tests.support.browser import script_bytes
from tests.support.webapps import WebApp
from tests.web.members import buy_and_earn, join
from tests.web.visiting import Visits, settled

FIRST_LOAD_BYTES = 250 * 1024
IMAGE_BYTES = 150 * 1024 * 1024
# reckoned: no image can be pulled here. Alpine unpacked is 8.3 MiB, libstdc++ and libgcc of the Node image 2.9
BASE_BYTES = 12 * 1024 * 1024
MANTINE_STYLES = WEB / "node_modules" / "@mantine" / "core" / "styles.css"
MANTINE_CLASS = re.compile(r"\bm_[0-9a-f]+\b")
PLACES = ("/", "/shop", "/rewards", "/purchases", "/redemptions", "/friends", "/profile", "/purchases/{purchase}")


async def test_no_page_loads_more_script_at_first_than_a_phone_should(customer_web: WebApp, visits: Visits) -> None:
    visit = await visits.begin(customer_web.url, width=360)
    page = await visit.page()
    weights = {path: await _weigh(page, path) for path in ("/sign-in", "/sign-up")}
    await join(visit.context)
    purchase = await buy_and_earn(visit.context, bread=1)
    weights |= {path: await _weigh(page, path.format(purchase=purchase)) for path in PLACES}
    assert all(weights.values()), "every page has scripts"
    assert {path: weight for path, weight in weights.items() if weight > FIRST_LOAD_BYTES} == {}


async def _weigh(page: Page, path: str) -> int:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return await script_bytes(page, path, settled)


@pytest.mark.parametrize("app", web.APPS, ids=lambda app: app.name)
async def test_an_image_is_smaller_than_150_mib_at_rest(app: web.App) -> None:
    """The base, Node without its symbols, and what a build consists of: all that docker/Dockerfile.web copies."""
    build = web.ensure_built(app, os.environ, print)
    files = sum(file.stat().st_size for file in build.rglob("*") if file.is_file() and not file.is_symlink())
    assert BASE_BYTES + stripped_bytes(NODE) + files < IMAGE_BYTES


@pytest.mark.parametrize("app", web.APPS, ids=lambda app: app.name)
async def test_every_component_in_the_scripts_has_its_styles(app: web.App) -> None:
    """The apps take Mantine's styles by component; a forgotten one would show only where that component does."""
    static = web.ensure_built(app, os.environ, print) / "apps" / app.name / ".next" / "static"
    styled = set(MANTINE_CLASS.findall(MANTINE_STYLES.read_text()))
    used = styled & _mantine_classes(static, "*.js")
    assert used, "the scripts name Mantine's classes"
    assert used - _mantine_classes(static, "*.css") == set()


def _mantine_classes(folder: Path, pattern: str) -> set[str]:
    return {name for file in folder.rglob(pattern) for name in MANTINE_CLASS.findall(file.read_text())}


def stripped_bytes(program: Path) -> int:
    """Where the last of what is loaded into memory ends: `strip` leaves little more (ELF-64, little-endian)."""
    header = program.read_bytes()[:4096]
    offset, size, count = struct.unpack_from("<Q", header, 32)[0], *struct.unpack_from("<HH", header, 54)
    segments = (struct.unpack_from("<IIQQQQ", header, offset + index * size) for index in range(count))
    end: int = max(start + length for kind, _, start, _, _, length in segments if kind == 1)
    return end
