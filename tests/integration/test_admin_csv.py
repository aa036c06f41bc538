"""Lists as CSV: whole, of one moment, and nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.admin.csv_lists import NUMBER, cell, encoded
from api.admin.routes import ROUTES
from schemas.admin.lists import ListQuery
from tests.support.admin_api import PREFIX, AdminApi, admin_api


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def fetch(api: AdminApi, path: str, accept: str = "*/*", **query: str) -> tuple[int, str, str]:
    """Status, media type and text."""
    headers = {"Authorization": f"Bearer {api.token(api.admins['viewer'], 'viewer')}", "Accept": accept}
    async with api.http.get(api.url + PREFIX + path, headers=headers, params=query) as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_a_list_is_whole_beyond_any_page(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        await conn.execute(
            "insert into member (id, external_id, name, created_at) select uuidv7(), 'card-' || n, '=1+' || n, now() "
            "from generate_series(1, 1203) n"
        )
        await conn.execute("insert into wallet (member_id, updated_at) select id, now() from member")
    status, media_type, text = await fetch(api, "/members", format="csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert (status, media_type, len(rows)) == (200, "text/csv", 1203)
    assert len({row["member_id"] for row in rows}) == 1203
    assert rows[0]["points_available"] == "0"
    assert {row["name"][:3] for row in rows} == {"'=1"}
    listed = json.loads((await fetch(api, "/members", limit="3"))[2])
    assert [row["member_id"] for row in rows[:3]] == [member["member_id"] for member in listed["data"]]
    rest = (await fetch(api, "/members", format="csv", cursor=listed["next_cursor"]))[2]
    assert rest.splitlines()[1:] == text.splitlines()[4:]


async def test_the_accept_header_asks_for_it_too(api: AdminApi) -> None:
    assert (await fetch(api, "/admins", accept="text/csv;q=0.9, */*"))[1] == "text/csv"
    assert (await fetch(api, "/admins", accept="text/csv", format="json"))[1] == "application/json"
    assert (await fetch(api, "/admins"))[1] == "application/json"
    assert (await fetch(api, "/admins", format="xml"))[0] == 422
    assert (await fetch(api, "/members/01890000-0000-7000-8000-000000000000/ledger", format="csv"))[0] == 404


async def test_every_list_has_its_file_even_an_empty_one(api: AdminApi) -> None:
    merchant = (await api.admin.post("/merchants", {"name": "Shop"})).body["merchant_id"]
    member = (await api.admin.post("/members", {"external_id": "card-1"})).body["member_id"]
    webhook = (await api.admin.post("/webhooks", {"url": "https://example.com/hook"})).body["webhook_id"]
    lists = [route for route in ROUTES if issubclass(route.query, ListQuery)]
    assert len(lists) >= 13
    for route in lists:
        path = route.path.format(merchant_id=merchant, member_id=member, webhook_id=webhook)
        status, media_type, text = await fetch(api, path, format="csv")
        assert (status, media_type) == (200, "text/csv"), path
        header, *rows = csv.reader(io.StringIO(text))
        assert len(set(header)) == len(header) > 2
        assert {len(row) for row in rows} <= {len(header)}


@given(st.text())
def test_no_text_is_a_formula_and_none_is_lost(text: str) -> None:
    [[read]] = csv.reader(io.StringIO(encoded([[cell(text)], ["end"]]).decode().rpartition("end")[0]))
    assert read.removeprefix("'") == text.removeprefix("'")
    assert NUMBER.fullmatch(read) or not read.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
