"""Redemptions after their decision: confirmed, released, cancelled. And the codes that rewards hand out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


@dataclass(frozen=True, slots=True)
class SettledRedemption:
    """A redemption under lock. entry_id paid for it, hold_entry_id holds (or held) its points."""

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    points_cost: int
    status: str
    entry_id: int | None
    hold_entry_id: int | None
    reserved_until: datetime | None
    partner_id: UUID | None
    stock_counted: bool


class Cancelled(NamedTuple):
    """A redemption that came to nothing, and the entry that gave its points back."""

    redemption_id: UUID
    entry_id: int
    wallet_version: int


class VoucherUpload(NamedTuple):
    """A list of codes for a reward, as one knows it again while it arrives. `at` orders uploads."""

    upload_id: UUID
    reward_id: UUID
    at: datetime


class VoucherPlace(NamedTuple):
    """Where a code came from; of codes that have been there for long, nothing is known."""

    upload_id: UUID | None
    line: int | None


async def get_member_id(conn: Connection, redemption_id: UUID) -> UUID:
    """Whose redemption it is. Raises NotFound."""
    member_id: UUID | None = await queries.redemption_member(conn, redemption_id=redemption_id)
    if member_id is None:
        raise NotFound("There is no such redemption.")
    return member_id


async def lock_redemptions(conn: Connection, redemption_ids: Collection[UUID]) -> list[SettledRedemption]:
    """The redemptions, locked until the transaction ends, in id order. Hold the wallets' locks."""
    rows = queries.lock_redemptions(conn, redemption_ids=list(redemption_ids))
    return [SettledRedemption(**row) for row in await fetch_all(rows)]


async def list_overdue(conn: Connection, at: datetime, limit: int) -> dict[UUID, UUID]:
    """Reservations that ended unconfirmed, with their members."""
    rows = queries.list_overdue_reservations(conn, at=at, row_limit=limit)
    return {row["redemption_id"]: row["member_id"] for row in await fetch_all(rows)}


async def save_confirmed(
    conn: Connection, redemption_id: UUID, voucher_code: str, entry_id: int, wallet_version: int, at: datetime
) -> None:
    await queries.save_confirmed(
        conn,
        redemption_id=redemption_id,
        voucher_code=voucher_code,
        entry_id=entry_id,
        wallet_version=wallet_version,
        at=at,
    )


async def save_cancelled(conn: Connection, cancelled: Sequence[Cancelled], reason: str, at: datetime) -> None:
    await queries.save_cancelled(
        conn,
        at=at,
        reason=reason,
        redemption_ids=[c.redemption_id for c in cancelled],
        entry_ids=[c.entry_id for c in cancelled],
        wallet_versions=[c.wallet_version for c in cancelled],
    )


async def insert_vouchers(conn: Connection, upload: VoucherUpload, codes: Mapping[int, str]) -> int:
    """Adds codes, by their lines in the upload; how many of them the reward did not have before."""
    added = queries.insert_vouchers(
        conn,
        reward_id=upload.reward_id,
        codes=list(codes.values()),
        lines=list(codes),
        at=upload.at,
        upload_id=upload.upload_id,
    )
    return len(await fetch_all(added))


async def voucher_places(conn: Connection, reward_id: UUID, codes: Collection[str]) -> dict[str, VoucherPlace]:
    """Where those of the codes that the reward has came from."""
    rows = await fetch_all(queries.voucher_places(conn, reward_id=reward_id, codes=list(codes)))
    return {row["code"]: VoucherPlace(row["upload_id"], row["upload_line"]) for row in rows}


async def count_vouchers(conn: Connection, reward_id: UUID) -> tuple[int, int]:
    """How many codes the reward has, and how many of them are free."""
    row = await queries.count_vouchers(conn, reward_id=reward_id)
    return row["codes"], row["free"]


async def save_given_up(
    conn: Connection, redemption_id: UUID, entry_id: int | None, wallet_version: int, reason: str, at: datetime
) -> None:
    """Stores that a pending redemption will not be decided; hold its lock."""
    await queries.save_given_up(
        conn, redemption_id=redemption_id, entry_id=entry_id, wallet_version=wallet_version, reason=reason, at=at
    )
