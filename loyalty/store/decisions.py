"""Redemptions that wait for their decision, the rewards they are about, and the decisions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.domain.redemption import Reward
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


@dataclass(frozen=True, slots=True)
class PendingRedemption:
    """A redemption that waits for its decision, at the price that the member was quoted."""

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    points_cost: int


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A completed redemption has a voucher code and a journal entry, a rejected one a reason."""

    redemption_id: UUID
    status: str
    reason: str | None
    voucher_code: str | None
    entry_id: int | None
    wallet_version: int


async def lock_pending(conn: Connection, redemption_ids: Collection[UUID]) -> dict[UUID, PendingRedemption]:
    """Those of the redemptions that are pending, locked until the transaction ends."""
    rows = queries.lock_pending_redemptions(conn, redemption_ids=list(redemption_ids))
    return {row["redemption_id"]: PendingRedemption(**row) for row in await fetch_all(rows)}


async def lock_rewards(conn: Connection, reward_ids: Collection[UUID]) -> dict[UUID, Reward]:
    """The rewards as they stand, locked until the transaction ends, in id order."""
    rows = queries.lock_wanted_rewards(conn, reward_ids=list(reward_ids))
    return {row["reward_id"]: _reward(dict(row)) for row in await fetch_all(rows)}


async def count_completed(conn: Connection, wanted: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int]:
    """How many completed redemptions there are of each (reward, member); a pair with none is not there."""
    if not wanted:
        return {}
    rows = queries.count_completed_redemptions(
        conn, reward_ids=[reward_id for reward_id, _ in wanted], member_ids=[member_id for _, member_id in wanted]
    )
    return {(row["reward_id"], row["member_id"]): row["redeemed"] for row in await fetch_all(rows)}


async def save_decisions(conn: Connection, decisions: Sequence[NewDecision], completed_at: datetime) -> None:
    """Writes the outcomes, whatever their number, in one statement."""
    await queries.save_decisions(
        conn,
        completed_at=completed_at,
        redemption_ids=[d.redemption_id for d in decisions],
        statuses=[d.status for d in decisions],
        reasons=[d.reason for d in decisions],
        voucher_codes=[d.voucher_code for d in decisions],
        entry_ids=[d.entry_id for d in decisions],
        wallet_versions=[d.wallet_version for d in decisions],
    )


async def take_stock(conn: Connection, taken: Mapping[UUID, int], updated_at: datetime) -> None:
    """Counts down the stock of the rewards that have one; hold their locks."""
    if taken:
        await queries.take_stock(conn, reward_ids=list(taken), taken=list(taken.values()), updated_at=updated_at)


def _reward(row: dict[str, object]) -> Reward:
    del row["reward_id"]
    return Reward(**row)  # type: ignore[arg-type]  # the query's columns are the fields
