"""A search reads a page, however many members there are, and its pages together are all whom it finds, each once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from loyalty.store.database import Connection
from loyalty.store.member_search import FoundMember, Position, search_members
from loyalty.store.members_admin import list_members
from schemas.admin.members import MemberFilter
from tests.support.admin_api import AdminApi, admin_api
from tests.support.campaigns import sized
from tests.support.crowd import add_crowd
from tests.support.rows import laurel_pool

SOME, MANY = 2_000, sized(20_000, 1_000_000)
PAGE = 50
PAGES = 5
SEARCHES = (
    "a",
    "an",
    "ann",
    "s",
    "smi",
    "lov",
    "o",
    "X",
    "ada l",
    "lovelace ada",
    "maria.",
    "crowd-1",
    "nobody-x",
    "%",
)
READ_PER_ROW = 4
"""A member is looked up by the index found, by id and in the wallets; a few of those read were found before."""


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[Connection]:
    async with laurel_pool(database_url, size=1, statement_timeout_seconds=60) as pool, pool.acquire() as conn:
        yield conn


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def pages(conn: Connection, wanted: MemberFilter, most: int = 10_000) -> list[Sequence[FoundMember]]:
    """The first pages of a search, and no more than there are."""
    read: list[Sequence[FoundMember]] = []
    after: Position | None = None
    while len(read) < most and (page := await search_members(conn, wanted, after, PAGE)):
        read.append(page)
        after = Position.parse(str(page[-1].position))
    return read


def is_found(member: FoundMember, text: str) -> bool:
    """What a search means, said once more."""
    name, words = (member.name or "").lower(), text.lower().split()
    fields = (name, name.split()[-1], (member.email or "").lower())
    if any(field.startswith(text.lower()) for field in fields) or (member.external_id or "").startswith(text):
        return True
    return all(word.isalnum() and any(part.startswith(word) for part in name.split()) for word in words)


@pytest.mark.parametrize("text", SEARCHES)
async def test_the_pages_together_are_all_whom_it_finds(conn: Connection, text: str) -> None:
    await add_crowd(conn, SOME)
    everybody = [member for page in await pages(conn, MemberFilter(search="crowd-")) for member in page]
    assert len(everybody) == SOME
    expected = {member.member_id for member in everybody if is_found(member, text)}
    found = [member.member_id for page in await pages(conn, MemberFilter(search=text)) for member in page]
    assert len(found) == len(set(found))
    assert set(found) == expected


async def rows_read(conn: Connection) -> tuple[int, int]:
    """Rows read so far by going through all of a table, and by an index."""
    await conn.execute("select pg_stat_force_next_flush()")
    row = await conn.fetchrow(
        "select sum(seq_tup_read)::bigint as all, sum(idx_tup_fetch)::bigint as some from pg_stat_user_tables"
        " where relname in ('member', 'wallet')"
    )
    return row["all"], row["some"]


async def test_a_page_is_read_and_not_the_table(conn: Connection) -> None:
    await add_crowd(conn, MANY)
    for text in ("a", "an", "ann", "s", "smi", "lov", "zoe.", "nobody-x", "xyz"):
        scanned, looked_up = await rows_read(conn)
        read = sum(len(page) for page in await pages(conn, MemberFilter(search=text), PAGES))
        scanned_now, looked_up_now = await rows_read(conn)
        assert scanned_now == scanned, f"{text!r} goes through the table"
        assert looked_up_now - looked_up <= READ_PER_ROW * (read + PAGE), text


@pytest.mark.parametrize(
    "wanted",
    [MemberFilter(), MemberFilter(status="active"), MemberFilter(status="suspended"), MemberFilter(status="erased")],
)
async def test_a_list_is_read_by_the_page_whatever_it_is_narrowed_to(conn: Connection, wanted: MemberFilter) -> None:
    await add_crowd(conn, MANY // 10)
    for _ in range(8):  # after five times PostgreSQL keeps one plan for all
        scanned, looked_up = await rows_read(conn)
        read = await list_members(conn, wanted, None, PAGE)
        scanned_now, looked_up_now = await rows_read(conn)
        assert (
            len(read) == {None: PAGE, "active": PAGE, "suspended": min(PAGE, MANY // 5_000), "erased": 0}[wanted.status]
        )
        assert scanned_now == scanned
        assert looked_up_now - looked_up <= READ_PER_ROW * PAGE


async def test_a_place_in_one_search_is_none_in_another(api: AdminApi, conn: Connection) -> None:
    await add_crowd(conn, SOME)
    viewer = api.as_role("viewer")
    first = (await viewer.get("/members", search="an", limit=5)).body
    refused = await viewer.get("/members", search="ann", limit=5, cursor=first["next_cursor"])
    assert (refused.status, refused.pointers) == (422, ["/cursor"])
    second = (await viewer.get("/members", search="an", limit=5, cursor=first["next_cursor"])).body
    names = [member["name"].lower() for member in first["data"] + second["data"]]
    assert names == sorted(names)
    assert "position" not in first["data"][0]


async def test_who_is_renamed_meanwhile_leaves_the_others_in_their_place(conn: Connection) -> None:
    await add_crowd(conn, SOME)
    wanted = MemberFilter(search="a")
    whole = [member.member_id for page in await pages(conn, wanted) for member in page]
    first = await search_members(conn, wanted, None, PAGE)
    await conn.execute("update member set name = 'Zz' where id = $1", first[-1].member_id)
    second = await search_members(conn, wanted, first[-1].position, PAGE)
    assert [member.member_id for member in second] == whole[PAGE : 2 * PAGE]
