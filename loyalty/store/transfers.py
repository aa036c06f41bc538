"""Points that members give each other, and what a member had at a moment in the past."""

from datetime import datetime
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.admin.members import BalanceAt
from schemas.transfers import Transfer


async def points_sent_this_month(conn: Connection, member_id: UUID, at: datetime) -> int:
    """What the member has given away in the month of `at`. Hold the wallet's lock."""
    points: int = await queries.points_sent_this_month(conn, member_id=member_id, at=at)
    return points


async def insert(conn: Connection, transfer: Transfer, sent_entry_id: int, received_entry_id: int) -> None:
    await queries.insert_transfer(
        conn,
        transfer_id=transfer.transfer_id,
        from_member_id=transfer.from_member_id,
        to_member_id=transfer.to_member_id,
        points=transfer.points,
        note=transfer.note,
        sent_entry_id=sent_entry_id,
        received_entry_id=received_entry_id,
        transferred_at=transfer.transferred_at,
    )


async def get_balance_at(conn: Connection, member_id: UUID, at: datetime) -> BalanceAt:
    """What the ledger says that the member had at `at`, entries of that moment included. Raises NotFound."""
    row = await queries.balance_at(conn, member_id=member_id, at=at)
    if row is None:
        raise NotFound("There is no such member.")
    return BalanceAt.model_validate(dict(row))
