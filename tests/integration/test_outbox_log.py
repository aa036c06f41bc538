"""The log reader: every committed row once, none before its commit, whatever the order of commits."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from outbox import append
from outbox.leadership import connect
from outbox.log import ID, KEY, LONGEST, LOOK_AHEAD_IDS, PAYLOAD, START, LogReader, Page, Position, Row
from outbox.statements import load
from tests.support.outbox import Stage, staged

TOPICS = ["orders"]


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, TOPICS, topic_prefix, partitions=1) as found:
        yield found


@pytest.fixture
async def session(stage: Stage) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(stage.settings(leadership_seconds=60))
    yield connection
    await connection.close()


@pytest.fixture
async def writers(stage: Stage) -> AsyncIterator[list[asyncpg.Connection]]:
    async with asyncpg.create_pool(stage.dsn, min_size=6, max_size=6, reset=no_reset) as pool, AsyncExitStack() as held:
        yield [await held.enter_async_context(pool.acquire()) for _ in range(6)]


async def no_reset(connection: asyncpg.Connection) -> None:
    """A pool would complain of a transaction that a failed test left open."""


@asynccontextmanager
async def open_transaction(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A transaction that the test commits or rolls back itself, by SQL."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("begin")
    yield connection
    await connection.close()


async def pages(reader: LogReader, session: asyncpg.Connection, position: Position) -> list[Page]:
    """Everything there is after a position."""
    found = [await reader.read(session, position)]
    while found[-1].more:
        found.append(await reader.read(session, found[-1].position))
    return found


def ids(found: list[Page]) -> list[int]:
    return [row[ID] for page in found for row in page.rows]


async def test_a_small_cut_is_one_statement_and_moves_past_what_it_read(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=10, page_bytes=1 << 20)
    appended = await stage.append(conn, *(stage.event() for _ in range(10)))
    page = await reader.read(session, START)
    assert (ids([page]), page.more, page.position.cut) == (appended, False, None)
    assert ids([await reader.read(session, page.position)]) == []


async def test_what_commits_late_is_read_when_it_commits_and_holds_up_nobody(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=10, page_bytes=1 << 20)
    async with open_transaction(stage.dsn) as late:
        await append(late, [stage.event("late")], stage.topics)
        first = await stage.append(conn, stage.event("early"))
        page = await reader.read(session, START)
        assert ids([page]) == first
        second = await stage.append(conn, stage.event("early"))
        page = await reader.read(session, page.position)
        assert ids([page]) == second
        await late.execute("commit")
    page = await reader.read(session, page.position)
    assert [row[KEY] for row in page.rows] == ["late"]
    assert ids([page])[0] < first[0]
    assert ids([await reader.read(session, page.position)]) == []


async def test_what_is_rolled_back_is_never_read(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=10, page_bytes=1 << 20)
    async with open_transaction(stage.dsn) as writer:
        await append(writer, [stage.event("kept")], stage.topics)
        await writer.execute("savepoint s")
        await append(writer, [stage.event("undone")], stage.topics)
        await writer.execute("rollback to s")
        await writer.execute("savepoint t")
        await append(writer, [stage.event("kept in a savepoint")], stage.topics)
        page = await reader.read(session, START)
        await writer.execute("commit")
    async with open_transaction(stage.dsn) as writer:
        await append(writer, [stage.event("rolled back")], stage.topics)
        await writer.execute("rollback")
    page = await reader.read(session, page.position)
    assert [row[KEY] for row in page.rows] == ["kept", "kept in a savepoint"]


async def test_a_big_cut_is_paged_by_id_with_its_late_rows_in_their_places(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=7, page_bytes=1 << 20)
    async with open_transaction(stage.dsn) as late:
        await append(late, [stage.event("late") for _ in range(30)], stage.topics)
        start = (await reader.read(session, START)).position
        appended = await stage.append(conn, *(stage.event() for _ in range(30)))
        await append(late, [stage.event("late") for _ in range(30)], stage.topics)
        await late.execute("commit")
    found = await pages(reader, session, start)
    everything = [row["id"] for row in await conn.fetch("select id from outbox order by id")]
    assert ids(found) == everything
    assert len(everything) == 90
    assert set(appended) < set(everything)
    assert all(len(page.rows) <= 7 for page in found)


async def test_what_commits_after_the_cut_was_made_is_not_in_it(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=5, page_bytes=1 << 20)
    async with open_transaction(stage.dsn) as late:
        await append(late, [stage.event("late")], stage.topics)
        await stage.append(conn, *(stage.event("cut") for _ in range(12)))
        page = await reader.read(session, START)
        assert page.position.cut is not None
        await late.execute("commit")
    after = await stage.append(conn, stage.event("after"))
    rest = await pages(reader, session, page.position)
    assert [row[KEY] for row in rest[0].rows] == ["cut"] * 5
    assert [row[KEY] for row in rest[1].rows] == ["cut"] * 2
    assert [row[KEY] for page in rest[2:] for row in page.rows] == ["late", "after"]
    assert ids(rest)[-1:] == after


async def test_payload_bytes_bound_a_page_but_for_its_last_row(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=100, page_bytes=10_000)
    sizes = [4_000, 4_000, 4_000, 50_000, 1, 9_999, 1, 1, 10_000, 3]
    await stage.append(conn, *(stage.event(payload=b"x" * size) for size in sizes))
    found = await pages(reader, session, START)
    read = [[len(row[PAYLOAD]) for row in page.rows] for page in found if page.rows]
    assert read == [[4_000] * 3, [50_000], [1, 9_999], [1, 1, 10_000], [3]]


async def test_a_page_ends_before_a_payload_that_is_long_and_the_next_ones_go_by_their_bytes(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection
) -> None:
    reader = LogReader(page_rows=10, page_bytes=1_000)
    sizes = [*[100] * 14, 101, 899, *[5] * 10, 1, 5_000, *[100] * 12, 1]
    await stage.append(conn, *(stage.event(payload=b"x" * size) for size in sizes))
    found = await pages(reader, session, START)
    read = [[len(row[PAYLOAD]) for row in page.rows] for page in found if page.rows]
    assert read == [[100] * 10, [100] * 4, [101, 899], [5] * 10, [1], [5_000], [100] * 10, [100, 100, 1]]
    assert [size for page in read for size in page] == sizes


@pytest.mark.parametrize("seed", range(3))
async def test_pages_of_any_payloads_hold_their_bounds(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection, seed: int
) -> None:
    dice = random.Random(seed)
    reader = LogReader(page_rows=dice.choice([3, 8]), page_bytes=dice.choice([2, 80, 400]))
    sizes = [dice.choice([1, 2, 9, 10, 11, 50, 51, 400, 3_000]) for _ in range(200)]
    await stage.append(conn, *(stage.event(payload=b"x" * size) for size in sizes))
    read = [[len(row[PAYLOAD]) for row in page.rows] for page in await pages(reader, session, START)]
    assert [size for page in read for size in page] == sizes
    assert all(len(page) <= reader.page_rows and sum(page[:-1]) < reader.page_bytes for page in read if page)


@pytest.mark.parametrize("jump", [LOOK_AHEAD_IDS + 2, 40_000_000, 170_000_000])
async def test_ids_that_jump_ahead_are_found_at_once(
    stage: Stage, conn: asyncpg.Connection, session: asyncpg.Connection, jump: int
) -> None:
    reader = LogReader(page_rows=10, page_bytes=1 << 20)
    async with open_transaction(stage.dsn) as late:
        await append(late, [stage.event("late")], stage.topics)
        first = await stage.append(conn, stage.event())
        page = await reader.read(session, START)
        assert ids([page]) == first
        await conn.execute("select setval(pg_get_serial_sequence('outbox', 'id'), $1)", jump - 1)
        await append(late, [stage.event("late")], stage.topics)
        second = await stage.append(conn, stage.event())
        page = await reader.read(session, page.position)
        assert ids([page]) == second == [jump + 1]
        await late.execute("commit")
    assert ids([await reader.read(session, page.position)]) == [1, jump]


@pytest.mark.parametrize("seed", range(4))
async def test_random_commits_are_read_once_each_in_the_order_of_their_key(
    stage: Stage, session: asyncpg.Connection, writers: list[asyncpg.Connection], seed: int
) -> None:
    dice = random.Random(seed)
    reader = LogReader(page_rows=dice.choice([1, 3, 20]), page_bytes=dice.choice([50, 1 << 20]))
    position, written = START, dict.fromkeys(range(len(writers)), 0)
    read: list[Row] = []
    open_: dict[int, int] = {}
    for _ in range(250):
        number = dice.randrange(len(writers))
        match dice.choice(["write", "write", "write", "commit", "rollback", "read", "read"]):
            case "write":
                if number not in open_:
                    await writers[number].execute("begin")
                    open_[number] = written[number]
                events = [stage.event(f"w{number}", json.dumps(written[number] + n).encode()) for n in range(3)]
                await append(writers[number], events[: dice.randrange(1, 4)], stage.topics)
                written[number] = await count(writers[number], number)
            case "commit" if number in open_:
                await writers[number].execute("commit")
                del open_[number]
            case "rollback" if number in open_:
                await writers[number].execute("rollback")
                written[number] = open_.pop(number)
            case "read":
                page = await reader.read(session, position)
                position, read = page.position, [*read, *page.rows]
    for number in open_:
        await writers[number].execute("commit")
    read += [row for page in await pages(reader, session, position) for row in page.rows]
    for number, total in written.items():
        assert [json.loads(row[PAYLOAD]) for row in read if row[KEY] == f"w{number}"] == list(range(total)), seed


async def count(conn: asyncpg.Connection, number: int) -> int:
    found: int = await conn.fetchval("select count(*) from outbox where key = $1", f"w{number}")
    return found


class TestPlans:
    """The plans are part of the design: a statistics update must not turn a page into a walk through the past."""

    @pytest.fixture
    async def filled(self, conn: asyncpg.Connection) -> None:
        await conn.execute(
            """insert into outbox (event_id, topic, key, payload, source, occurred_at)
            select gen_random_uuid(), 'orders', 'k' || i % 100, 'x', '/', now() from generate_series(1, 20000) i"""
        )
        await conn.execute("analyze outbox")

    @pytest.mark.usefixtures("filled")
    async def test_a_poll_touches_nothing_that_was_published(self, session: asyncpg.Connection) -> None:
        late, xmax = await session.fetchrow("select min(xid), pg_snapshot_xmax(pg_current_snapshot()) from outbox")
        scans = await plan(session, "read_small_cut", xmax, [5, late], 2001, 1 << 22, 100_000)
        assert {scan["Index Name"] for scan in scans} == {"outbox_from_0_xid_id_idx"}, "the others were pruned"
        assert rows_touched(scans) == 2_001, "a page of the late transaction, and one row that says there is more"

    @pytest.mark.usefixtures("filled")
    @pytest.mark.parametrize(
        ("statement", "bounds"), [("read_page", [1 << 22]), ("read_page_by_bytes", [LONGEST, 1 << 22])]
    )
    async def test_a_page_walks_the_primary_key_and_stops_when_full(
        self, session: asyncpg.Connection, statement: str, bounds: list[int]
    ) -> None:
        snapshot, xmax = await session.fetchrow(
            "select pg_current_snapshot()::text, pg_snapshot_xmax(pg_current_snapshot())"
        )
        scans = await plan(session, statement, 3, [5], snapshot, 10_000, 20_000, 10_000, 500, *bounds)
        new = [scan for scan in scans if scan["Index Name"].endswith("pkey")]
        assert [scan["Actual Rows"] for scan in new] == [500]
        assert rows_touched(scans) <= 502
        assert xmax > 3

    @pytest.mark.usefixtures("filled")
    async def test_the_bounds_are_found_in_the_index_alone(self, session: asyncpg.Connection) -> None:
        xmax = await session.fetchval("select pg_snapshot_xmax(pg_current_snapshot())")
        scans = await plan(session, "read_bounds", xmax, xmax + 10)
        assert {scan["Node Type"] for scan in scans} == {"Index Only Scan"}
        assert rows_touched(scans) == 0


async def plan(session: asyncpg.Connection, name: str, *arguments: Any) -> list[dict[str, Any]]:
    """The scans of a statement's plan that were run, with what they did."""
    (text,) = await session.fetchrow(f"explain (analyze, format json) {load('log')[name]}", *arguments)
    return [node for node in nodes(json.loads(text)[0]["Plan"]) if "Index Name" in node and node["Actual Loops"]]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


def rows_touched(scans: list[dict[str, Any]]) -> int:
    return sum(round(rows_a_loop(scan) * float(scan["Actual Loops"])) for scan in scans)


def rows_a_loop(scan: dict[str, Any]) -> float:
    return float(scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0))
