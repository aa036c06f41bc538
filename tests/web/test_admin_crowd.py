"""The console's list of very many members: searched as one types and turned page by page, a page of it at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from loyalty.store.database import open_pool
from tests.support.admin_api import AdminApi, admin_api
from tests.support.campaigns import sized, write_report
from tests.support.crowd import add_crowd
from tests.support.webapps import WebApp, serving
from tests.web import members_list
from tests.web.administrators import PASSWORD, enter
from tests.web.visiting import INTERACTION_MS, Visit, Visits, settled

MEMBERS = sized(20_000, 1_000_000)
NODES_LIMIT = 6_000
"""Elements of a page of fifty rows in the console's frame; a list that keeps what it showed has ever more."""


@pytest_asyncio.fixture(loop_scope="session")
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    """An Admin API of its own: what is slow with a crowd would slow the other tests."""
    async with admin_api(database_url, redis_url) as running:
        async with await open_pool(database_url, size=1, name="crowd") as pool, pool.acquire() as conn:
            await add_crowd(conn, MEMBERS)
        yield running


@pytest.fixture
def web(api: AdminApi, tmp_path: Path) -> Iterator[WebApp]:
    with serving("admin", {"LAUREL_ADMIN_API_URL": api.url}, tmp_path) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visit(api: AdminApi, web: WebApp, visits: Visits) -> Visit:
    email = "crowd@laurel.example"
    body = {"email": email, "name": "Crowd", "role": "viewer", "password": PASSWORD}
    assert (await api.admin.post("/admins", body)).status == 201
    opened = await visits.begin(web.url)
    await enter(opened.context, email)
    return opened


async def scans_of_members(api: AdminApi) -> int:
    async with api.pool.acquire() as conn:
        await conn.execute("select pg_stat_force_next_flush()")
        scans: int = await conn.fetchval("select seq_scan from pg_stat_user_tables where relname = 'member'")
        return scans


async def test_very_many_members_are_searched_and_turned_page_by_page(api: AdminApi, visit: Visit) -> None:
    page = await visit.page()
    before = await scans_of_members(api)
    seen = await members_list.use(page)
    await settled(page)
    assert await scans_of_members(api) == before, "a list or a search went through all members"
    assert seen.most_rows == members_list.ROWS
    assert seen.most_nodes < NODES_LIMIT
    assert seen.interaction_ms, "the browser told of no interaction: nothing was measured"
    assert max(seen.key_cpu_ms) < INTERACTION_MS
    write_report("console-members", {"members": MEMBERS, **members_list.figures(seen)})
