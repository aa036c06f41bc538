"""The chain of hashes over the journal, and the ledger as lines of text.

A line is made by the database, in one query that sealing, verifying and exporting share: what is sealed is what is
exported, byte by byte.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries

BEFORE_ALL = -(2**63)
LAST_ENTRY = 2**63 - 1
PAGE_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Seal:
    """A link of the chain."""

    entry_id: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry as the text that is sealed."""

    entry_id: int
    line: str


@dataclass(frozen=True, slots=True)
class Horizon:
    """An entry, and the transaction id that all transactions with an earlier entry are below."""

    entry_id: int
    begun_before: int


async def try_to_lead(conn: Connection) -> bool:
    """Whether this session is the one that seals, from now until it ends."""
    return await queries.try_to_lead_housekeeping(conn) is True


async def lock_sealing(conn: Connection) -> None:
    """Waits until nobody else seals; nobody else will until the transaction ends."""
    await queries.lock_sealing(conn)


async def last_seal(conn: Connection) -> Seal | None:
    """The end of the chain."""
    row = await queries.last_seal(conn)
    return Seal(row["entry_id"], row["hash"]) if row else None


async def horizon(conn: Connection) -> Horizon | None:
    """The last entry that is there now; None when there is none."""
    row = await queries.last_entry_seen(conn)
    return Horizon(row["entry_id"], row["begun_before"]) if row["entry_id"] is not None else None


async def is_settled(conn: Connection, horizon: Horizon) -> bool:
    """Whether no entry can appear any more at or before the horizon's."""
    return await queries.all_ended_before(conn, begun_before=horizon.begun_before) is True


async def list_entry_lines(
    conn: Connection, after_id: int, row_limit: int, upto_id: int = LAST_ENTRY
) -> list[EntryLine]:
    """The next entries in the order of their ids."""
    rows = queries.list_entry_lines(conn, after_id=after_id, upto_id=upto_id, row_limit=row_limit)
    return [EntryLine(row["entry_id"], row["line"]) for row in await fetch_all(rows)]


async def list_seals(conn: Connection, after_id: int, upto_id: int) -> list[Seal]:
    """The seals of a range of entries."""
    rows = queries.list_seals(conn, after_id=after_id, upto_id=upto_id)
    return [Seal(row["entry_id"], row["hash"]) for row in await fetch_all(rows)]


async def insert_seals(conn: Connection, seals: Sequence[Seal]) -> None:
    """Adds to the chain."""
    await queries.insert_seals(conn, entry_ids=[s.entry_id for s in seals], hashes=[s.hash for s in seals])


async def iter_sealed_lines(
    conn: Connection, page_rows: int = PAGE_ROWS
) -> AsyncIterator[tuple[int, str | None, bytes | None]]:
    """Every entry and every seal of the snapshot, side by side, in the order of their ids: (id, line, hash).

    Reads `page_rows` entries at a time. A seal without its entry has no line, an entry without its seal no hash.
    """
    after_id = BEFORE_ALL
    while after_id < LAST_ENTRY:
        lines = await list_entry_lines(conn, after_id, page_rows)
        upto_id = lines[-1].entry_id if len(lines) == page_rows else LAST_ENTRY
        line_of = {entry.entry_id: entry.line for entry in lines}
        hash_of = {seal.entry_id: seal.hash for seal in await list_seals(conn, after_id, upto_id)}
        for entry_id in sorted(line_of.keys() | hash_of.keys()):
            yield entry_id, line_of.get(entry_id), hash_of.get(entry_id)
        after_id = upto_id


def iter_wallet_lines(conn: Connection, page_rows: int = PAGE_ROWS) -> AsyncIterator[str]:
    """Every wallet that has an entry."""
    return _paged(conn, queries.list_wallet_lines, "member_id", UUID(int=0), page_rows)


def iter_lot_lines(conn: Connection, page_rows: int = PAGE_ROWS) -> AsyncIterator[str]:
    """Every lot that has something left."""
    return _paged(conn, queries.list_lot_lines, "lot_id", BEFORE_ALL, page_rows)


async def _paged(
    conn: Connection, query: Callable[..., Any], key: str, after: object, page_rows: int
) -> AsyncIterator[str]:
    while rows := await fetch_all(query(conn, after_id=after, row_limit=page_rows)):
        for row in rows:
            yield row["line"]
        after = rows[-1][key]
