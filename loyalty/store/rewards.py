"""Rewards as members see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.domain.redemption import RedeemingMember, Reward, RewardUsage, Wallet
from loyalty.errors import NotFound
from loyalty.store.database import Connection, Record
from loyalty.store.members import check_active
from loyalty.store.queries import fetch_all, queries

RULING_COLUMNS = (
    "points_cost",
    "active",
    "starts_at",
    "ends_at",
    "minimum_tier_rank",
    "minimum_tier_name",
    "stock_remaining",
    "limit_per_member",
    "hands_out_codes",
    "codes_left",
    "confirm_seconds",
)


@dataclass(frozen=True, slots=True)
class OfferedReward:
    """A reward on offer: how it is shown, what rules it, and what the member has had of it."""

    reward_id: UUID
    name: str
    description: str
    image_url: str | None
    reward: Reward
    usage: RewardUsage


@dataclass(frozen=True, slots=True)
class PricedReward:
    """A reward's name, and what it costs in points."""

    name: str
    points_cost: int


async def get_priced(conn: Connection, reward_id: UUID) -> PricedReward:
    """What the reward is called and costs now. Raises NotFound."""
    row = await queries.find_reward_price(conn, reward_id=reward_id)
    if row is None:
        raise NotFound("There is no such reward.")
    return PricedReward(**row)


async def list_offered(
    conn: Connection, member_id: UUID, at: datetime, before: UUID | None, limit: int
) -> list[OfferedReward]:
    """Rewards on offer at `at`, the newest first."""
    rows = queries.list_offered_rewards(conn, member_id=member_id, at=at, before_id=before, row_limit=limit)
    return [_offered(row) for row in await fetch_all(rows)]


async def get_redeeming_member(conn: Connection, member_id: UUID) -> tuple[RedeemingMember, Wallet]:
    """What of a member decides which rewards they can have. Raises Unauthenticated, MemberInactive."""
    row = await queries.find_redeeming_member(conn, member_id=member_id)
    check_active(row and row["status"])
    return RedeemingMember(active=True, tier_rank=row["tier_rank"]), Wallet(row["available"], _coming(row))


def _coming(row: Record) -> list[tuple[datetime, int]]:
    return [(datetime.fromisoformat(when), points) for when, points in row["coming"] or ()]


def _offered(row: Record) -> OfferedReward:
    return OfferedReward(
        reward_id=row["reward_id"],
        name=row["name"],
        description=row["description"],
        image_url=row["image_url"],
        reward=Reward(**{column: row[column] for column in RULING_COLUMNS}),
        usage=RewardUsage(row["redeemed_by_member"]),
    )
