"""Lots whose time has come."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from loyalty.domain.lots import Lot
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries

LotOwners = Mapping[int, UUID]
"""Lots by their id, with the member whose they are."""


async def database_now(conn: Connection) -> datetime:
    """The time at which the current transaction began."""
    now: datetime = await queries.database_now(conn)
    return now


async def try_to_lead(conn: Connection) -> bool:
    """Whether this session, and no other, does the timed work until it ends."""
    leads: bool = await queries.try_to_lead_timed_work(conn)
    return leads


async def list_lots_to_release(conn: Connection, at: datetime, limit: int) -> LotOwners:
    rows = await fetch_all(queries.list_lots_to_release(conn, at=at, row_limit=limit))
    return {row["lot_id"]: row["member_id"] for row in rows}


async def list_lots_to_expire(conn: Connection, at: datetime, limit: int) -> LotOwners:
    rows = await fetch_all(queries.list_lots_to_expire(conn, at=at, row_limit=limit))
    return {row["lot_id"]: row["member_id"] for row in rows}


async def list_pending_lots(conn: Connection, lot_ids: Collection[int], at: datetime) -> dict[UUID, list[Lot]]:
    """Those of the lots that are to be released at `at`, by member. Hold the wallets' locks."""
    return _by_member(await fetch_all(queries.list_pending_lots_of(conn, lot_ids=list(lot_ids), at=at)))


async def list_due_lots(conn: Connection, lot_ids: Collection[int]) -> dict[UUID, list[Lot]]:
    """Those of the lots that have points left, by member. Hold the wallets' locks."""
    return _by_member(await fetch_all(queries.list_due_lots_of(conn, lot_ids=list(lot_ids))))


async def roll_lots(conn: Connection, lots: Collection[Lot]) -> None:
    """Notes when these rolling lots expire now."""
    if lots:
        await queries.roll_lots(
            conn, lot_ids=[lot.lot_id for lot in lots], expires_ats=[lot.expires_at for lot in lots]
        )


def _by_member(rows: Sequence[Mapping[str, object]]) -> dict[UUID, list[Lot]]:
    found: dict[UUID, list[Lot]] = defaultdict(list)
    for row in rows:
        found[row["member_id"]].append(Lot(row["lot_id"], row["remaining"], row["expires_at"]))  # type: ignore[index, arg-type]
    return dict(found)
