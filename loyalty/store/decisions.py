"""Redemptions that wait for their decision, the rewards they are about, and the decisions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.domain.lots import Lot
from loyalty.domain.redemption import Reward
from loyalty.domain.returning import Taken
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


@dataclass(frozen=True, slots=True)
class PendingRedemption:
    """A redemption that waits for its decision, at the price that the member was quoted."""

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    points_cost: int
    hold_entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A completed redemption has a voucher code and the entry that pays for it, a rejected one a reason.

    A reserved one has the entry that holds its points; one that was rejected after its points were held has the entry
    that gave them back. wallet_version is None for what the member is not told of yet.
    """

    redemption_id: UUID
    status: str
    reason: str | None
    voucher_code: str | None
    wallet_version: int | None
    entry_id: int | None = None
    hold_entry_id: int | None = None
    returned_entry_id: int | None = None
    reserved_until: datetime | None = None


async def lock_pending(conn: Connection, redemption_ids: Collection[UUID]) -> dict[UUID, PendingRedemption]:
    """Those of the redemptions that are pending, locked until the transaction ends."""
    rows = queries.lock_pending_redemptions(conn, redemption_ids=list(redemption_ids))
    return {row["redemption_id"]: PendingRedemption(**row) for row in await fetch_all(rows)}


async def lock_rewards(conn: Connection, reward_ids: Collection[UUID]) -> dict[UUID, Reward]:
    """The rewards as they stand, locked until the transaction ends, in id order."""
    rows = queries.lock_wanted_rewards(conn, reward_ids=list(reward_ids))
    return {row["reward_id"]: _reward(dict(row)) for row in await fetch_all(rows)}


async def count_completed(
    conn: Connection, wanted: Collection[tuple[UUID, UUID]], at: datetime
) -> dict[tuple[UUID, UUID], int]:
    """How many redemptions of each (reward, member) count in the reward's period; a pair with none is not there."""
    if not wanted:
        return {}
    rows = queries.count_completed_redemptions(
        conn,
        reward_ids=[reward_id for reward_id, _ in wanted],
        member_ids=[member_id for _, member_id in wanted],
        at=at,
    )
    return {(row["reward_id"], row["member_id"]): row["redeemed"] for row in await fetch_all(rows)}


async def save_decisions(conn: Connection, decisions: Sequence[NewDecision], decided_at: datetime) -> None:
    """Writes the outcomes, whatever their number, in one statement."""
    await queries.save_decisions(
        conn,
        decided_at=decided_at,
        redemption_ids=[d.redemption_id for d in decisions],
        statuses=[d.status for d in decisions],
        reasons=[d.reason for d in decisions],
        voucher_codes=[d.voucher_code for d in decisions],
        entry_ids=[d.entry_id for d in decisions],
        hold_entry_ids=[d.hold_entry_id for d in decisions],
        returned_entry_ids=[d.returned_entry_id for d in decisions],
        reserved_untils=[d.reserved_until for d in decisions],
        wallet_versions=[d.wallet_version for d in decisions],
    )


async def take_stock(conn: Connection, taken: Mapping[UUID, int], updated_at: datetime) -> None:
    """Counts down the stock of the rewards that have one; hold their locks."""
    if taken:
        await queries.take_stock(conn, reward_ids=list(taken), taken=list(taken.values()), updated_at=updated_at)


async def lock_vouchers(conn: Connection, wanted: Mapping[UUID, int]) -> dict[UUID, list[str]]:
    """At most so many free codes of each reward, locked until the transaction ends."""
    free: dict[UUID, list[str]] = {reward_id: [] for reward_id in wanted}
    if wanted:
        rows = queries.lock_free_vouchers(conn, reward_ids=list(wanted), counts=list(wanted.values()))
        for row in await fetch_all(rows):
            free[row["reward_id"]].append(row["code"])
    return free


async def take_vouchers(conn: Connection, taken: Sequence[tuple[UUID, str, UUID]]) -> None:
    """Notes who has which code: (reward, code, redemption)."""
    if taken:
        await queries.take_vouchers(
            conn,
            reward_ids=[reward_id for reward_id, _, _ in taken],
            codes=[code for _, code, _ in taken],
            redemption_ids=[redemption_id for _, _, redemption_id in taken],
        )


async def list_taken(conn: Connection, entry_ids: Collection[int]) -> dict[int, list[Taken]]:
    """What each of the entries took out of which lots. Hold the wallets' locks."""
    taken: dict[int, list[Taken]] = {entry_id: [] for entry_id in entry_ids}
    if taken:
        for row in await fetch_all(queries.list_draws_of(conn, entry_ids=list(taken))):
            lot = Lot(row["lot_id"], row["remaining"], row["expires_at"])
            taken[row["entry_id"]].append(Taken(lot, row["points"]))
    return taken


def _reward(row: dict[str, object]) -> Reward:
    del row["reward_id"]
    return Reward(**row)  # type: ignore[arg-type]  # the query's columns are the fields
