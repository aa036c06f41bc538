"""Booking points on a real ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from loyalty.clock import new_id
from loyalty.domain.ledger import adjust, earn
from loyalty.domain.lots import InsufficientPoints
from loyalty.errors import NotFound
from loyalty.services.posting import FIRST_LOTS_PER_MEMBER, Booking, PostedEntry, post_entries
from loyalty.store.database import Connection, Pool
from tests.support.rows import NOON, add_member, add_merchant, add_transaction, give_points, laurel_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def adjust_by(conn: Connection, member_id: UUID, *amounts: int) -> list[PostedEntry]:
    bookings = [Booking(adjust(new_id(), member_id, points, "test"), new_id(), NOON) for points in amounts]
    async with conn.transaction():
        return await post_entries(conn, bookings, NOON)


async def test_points_given_make_a_lot_and_a_balance(conn: Connection) -> None:
    member_id = await add_member(conn)
    (posted,) = await adjust_by(conn, member_id, 250)
    assert (posted.seq, posted.available_after, posted.wallet_version) == (1, 250, 1)
    wallet = await conn.fetchrow("select available, entries, version from wallet")
    assert tuple(wallet or ()) == (250, 1, 1)
    assert await conn.fetchval("select remaining from lot where entry_id = $1", posted.entry_id) == 250
    assert await conn.fetchval("select sum(points) from posting where entry_id = $1", posted.entry_id) == 0


async def test_points_taken_leave_the_lot_that_expires_first(conn: Connection) -> None:
    member_id = await add_member(conn)
    await give_points(conn, member_id, 100)
    await give_points(conn, member_id, 100, expires_at=NOON + timedelta(days=2))
    await give_points(conn, member_id, 100, expires_at=NOON + timedelta(days=1))
    await adjust_by(conn, member_id, -120, -30)
    assert [r["remaining"] for r in await conn.fetch("select remaining from lot order by id")] == [100, 50, 0]
    assert await conn.fetchval("select sum(points) from lot_draw") == 150


async def test_more_than_there_is_takes_nothing(conn: Connection) -> None:
    member_id = await add_member(conn, 100)
    with pytest.raises(InsufficientPoints) as refused:
        await adjust_by(conn, member_id, -60, -60)
    assert refused.value.points_missing == 20
    assert await conn.fetchval("select available from wallet") == 100
    assert await conn.fetchval("select count(*) from journal_entry") == 1


async def test_spending_across_more_lots_than_are_read_at_first(conn: Connection) -> None:
    member_id = await add_member(conn)
    await adjust_by(conn, member_id, *[1] * (FIRST_LOTS_PER_MEMBER * 3))
    await adjust_by(conn, member_id, -FIRST_LOTS_PER_MEMBER * 2)
    assert await conn.fetchval("select sum(remaining) from lot") == FIRST_LOTS_PER_MEMBER


async def test_an_unknown_member_is_named(conn: Connection) -> None:
    stranger = new_id()
    with pytest.raises(NotFound) as refused:
        await adjust_by(conn, stranger, 10)
    assert refused.value.data == {"member_ids": [str(stranger)]}


async def test_an_event_is_booked_once(conn: Connection) -> None:
    member_id = await add_member(conn)
    booking = Booking(adjust(new_id(), member_id, 10, "test"), new_id(), NOON)
    async with conn.transaction():
        await post_entries(conn, [booking], NOON)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with conn.transaction():
            await post_entries(conn, [booking], NOON)
    assert await conn.fetchval("select available from wallet") == 10


async def test_many_at_once_on_one_member_never_overdraw(pool: Pool) -> None:
    async with pool.acquire() as conn:
        member_id = await add_member(conn, 300)

    async def take() -> bool:
        async with pool.acquire() as conn:
            try:
                await adjust_by(conn, member_id, -100)
            except InsufficientPoints:
                return False
            return True

    taken = await asyncio.gather(*(take() for _ in range(20)))
    assert sum(taken) == 3
    assert await pool.fetchval("select available from wallet") == 0
    seqs = await pool.fetch("select seq from journal_entry order by id")
    assert [r["seq"] for r in seqs] == [1, 2, 3, 4]


async def test_members_in_any_order_do_not_deadlock(pool: Pool) -> None:
    async with pool.acquire() as conn:
        members = [await add_member(conn) for _ in range(6)]

    async def give(order: list[UUID]) -> None:
        bookings = [Booking(adjust(new_id(), member_id, 1, "test"), new_id(), NOON) for member_id in order]
        async with pool.acquire() as conn, conn.transaction():
            await post_entries(conn, bookings, NOON)

    await asyncio.gather(*(give(members if n % 2 else members[::-1]) for n in range(20)))
    assert await pool.fetchval("select array_agg(distinct available) from wallet") == [20]


async def test_the_record_is_never_changed(conn: Connection) -> None:
    await add_member(conn, 100)
    for statement in ("delete from posting", "update journal_entry set seq = 9", "update posting set points = 1"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute(statement)


async def test_rows_of_a_batch_that_have_nothing_in_common_are_stored_as_they_are(conn: Connection) -> None:
    """Columns that are the same in every row, or null in every row, are sent otherwise than these."""
    given, earning, idle = [await add_member(conn) for _ in range(3)]
    later, soon = NOON + timedelta(hours=1), NOON + timedelta(days=1)
    bookings = [
        Booking(adjust(new_id(), given, 5, "sorry"), new_id(), NOON, expires_at=soon),
        Booking(
            earn(new_id(), earning, 7, pending=True),
            new_id(),
            later,
            traceparent="00-1",
            pending_until=soon,
            rolls_months=3,
        ),
        Booking(adjust(new_id(), idle, 9, "again"), new_id(), NOON),
    ]
    for batch in (
        bookings,
        [booking._replace(draft=booking.draft._replace(event_id=new_id())) for booking in bookings],
    ):
        async with conn.transaction():
            posted = await post_entries(conn, batch, later)
        rows = await conn.fetch(
            "select kind, booked_at, reason, traceparent, l.points, l.earned_at, l.expires_at, l.pending_until, "
            "l.rolls_months from journal_entry e join lot l on l.entry_id = e.id where e.id = any($1) order by e.id",
            [entry.entry_id for entry in posted],
        )
        assert [tuple(row) for row in rows] == [
            ("adjust", NOON, "sorry", None, 5, NOON, soon, None, None),
            ("earn", later, None, "00-1", 7, later, None, soon, 3),
            ("adjust", NOON, "again", None, 9, NOON, None, None, None),
        ]
    active = await conn.fetch("select member_id, active_at from wallet where active_at is not null")
    assert [tuple(row) for row in active] == [(earning, later)]


BROKEN_INSERTS = {
    "an entry of no member": (
        "insert into journal_entry (event_id, kind, member_id, seq, source_id, booked_at, available_after) "
        "values (uuidv7(), 'earn', uuidv7(), 1, uuidv7(), now(), 0)"
    ),
    "postings of no entry": (
        "insert into posting (entry_id, n, account, member_id, points) "
        "values (999, 1, 'program.issued', null, -5), (999, 2, 'member.available', '{one}', 5)"
    ),
    "postings of another member": (
        "with e as (insert into journal_entry (event_id, kind, member_id, seq, source_id, booked_at, available_after) "
        "values (uuidv7(), 'earn', '{one}', 9, uuidv7(), now(), 0) returning id) "
        "insert into posting (entry_id, n, account, member_id, points) "
        "select id, 1, 'program.issued', null::uuid, -5 from e union all "
        "select id, 2, 'member.available', '{other}', 5 from e"
    ),
    "a lot of no entry": (
        "insert into lot (entry_id, member_id, points, remaining, earned_at) values (999, '{one}', 5, 5, now())"
    ),
    "a lot of another member": (
        "insert into lot (entry_id, member_id, points, remaining, earned_at) values ({entry}, '{other}', 5, 5, now())"
    ),
    "a draw of no entry": "insert into lot_draw (entry_id, lot_id, points) values (999, {lot}, 5)",
    "a draw on no lot": "insert into lot_draw (entry_id, lot_id, points) values ({entry}, 999, 5)",
    "a draw on another member's lot": (
        "insert into lot_draw (entry_id, lot_id, points) values ({entry}, {other_lot}, 5)"
    ),
    "an award of no transaction": (
        "insert into award (transaction_id, member_id, points, entry_id, ruleset_version, receipt, wallet_version, "
        "awarded_at) values (uuidv7(), '{one}', 0, null, 1, '{{}}', 1, now())"
    ),
    "an award of another member": (
        "insert into award (transaction_id, member_id, points, entry_id, ruleset_version, receipt, wallet_version, "
        "awarded_at) values ('{transaction}', '{other}', 0, null, 1, '{{}}', 1, now())"
    ),
    "an award by the entry of something else": (
        "insert into award (transaction_id, member_id, points, entry_id, ruleset_version, receipt, wallet_version, "
        "awarded_at) values ('{transaction}', '{one}', 100, {entry}, 1, '{{}}', 1, now())"
    ),
}


@pytest.fixture
async def two(conn: Connection) -> dict[str, object]:
    """Two members with 100 points each; a purchase of the one without an award."""
    one, other = await add_member(conn, 100), await add_member(conn, 100)
    lots = await conn.fetch("select entry_id, id from lot order by id")
    transaction = await add_transaction(conn, one, await add_merchant(conn))
    return {
        "one": one,
        "other": other,
        "entry": lots[0]["entry_id"],
        "lot": lots[0]["id"],
        "other_lot": lots[1]["id"],
        "transaction": transaction,
    }


@pytest.mark.parametrize("kind", BROKEN_INSERTS)
async def test_a_row_refers_to_what_is_there_and_is_its_members(
    conn: Connection, two: dict[str, object], kind: str
) -> None:
    statement = BROKEN_INSERTS[kind].format(**two)
    with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
        await conn.execute(statement)
    assert refused.value.constraint_name.endswith("_fkey")


async def test_postings_are_not_added_to_an_entry_later(conn: Connection, two: dict[str, object]) -> None:
    more = (
        "insert into posting (entry_id, n, account, member_id, points) "
        "values ($1, $3, 'program.issued', null, -5), ($1, $4, 'member.available', $2, 5)"
    )
    for numbers, refused, constraint in (
        ((3, 4), asyncpg.CheckViolationError, "postings_booked_once"),
        ((1, 3), asyncpg.UniqueViolationError, "posting_pkey"),
    ):
        with pytest.raises(refused) as error:
            await conn.execute(more, two["entry"], two["one"], *numbers)
        assert error.value.constraint_name == constraint


async def test_what_is_referred_to_is_never_removed(conn: Connection, two: dict[str, object]) -> None:
    for statement in (
        "delete from member",
        "update member set id = uuidv7()",
        "delete from lot",
        "update lot set member_id = uuidv7()",
        "delete from journal_entry",
        "delete from transaction",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute(statement)


async def test_the_checks_of_references_read_no_table_whole(pool: Pool) -> None:
    """Also on a connection that made its plans when the tables were empty, and however the planner is set there: 320
    entries are booked, and a plan that reads the table would read 40 and more for each row of a batch."""
    async with pool.acquire() as conn:
        await conn.execute("set enable_seqscan = on")
        member_id = await add_member(conn)
        for _ in range(8):
            await adjust_by(conn, member_id, *[1] * 40)
        await conn.execute("select pg_stat_force_next_flush()")
        scanned = await conn.fetchval(
            "select sum(seq_tup_read) from pg_stat_user_tables where relname in ('journal_entry', 'lot', 'transaction')"
        )
    assert scanned < 40
