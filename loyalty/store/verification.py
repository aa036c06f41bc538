"""Queries that look for what must not be in the ledger. Each reads the whole ledger; run them in one snapshot."""

from dataclasses import dataclass
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


@dataclass(frozen=True, slots=True)
class LedgerSize:
    """What there is to verify."""

    entries: int
    postings: int
    members: int
    lots: int
    available_points: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, at an entry (None: where an entry is missing)."""

    entry_id: int | None
    member_id: UUID | None
    detail: str


@dataclass(frozen=True, slots=True)
class Findings:
    """The first of what a query found, in the order of the entries, and how much that was in all."""

    first: tuple[Finding, ...]
    total: int


async def count_ledger(conn: Connection) -> LedgerSize:
    """What there is to verify."""
    return LedgerSize(**await queries.count_ledger(conn))


async def find(conn: Connection, query: str, most: int) -> Findings:
    """What the named query finds, `most` of it at the most."""
    rows = await fetch_all(getattr(queries, query)(conn, most=most))
    first = tuple(Finding(row["entry_id"], row["member_id"], row["detail"]) for row in rows)
    return Findings(first, rows[0]["total"] if rows else 0)
