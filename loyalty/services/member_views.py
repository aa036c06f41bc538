"""What members see of themselves. Nothing here changes anything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from loyalty.domain.money import from_minor
from loyalty.domain.redemption import Obstacle as DomainObstacle
from loyalty.domain.redemption import RedeemingMember, Wallet, explain
from loyalty.domain.tiers import Tier, ladder
from loyalty.errors import LaurelError
from loyalty.services.tier_outlook import view_standings
from loyalty.store import members, redemptions, rewards, transactions
from loyalty.store.database import Connection, Record
from loyalty.store.member_lists import Part
from loyalty.store.rewards import OfferedReward
from loyalty.store.transactions import StoredTransaction, status_of
from schemas.customer import (
    ExpiringPoints,
    Item,
    Obstacle,
    PointsBalance,
    Profile,
    Redemption,
    Reward,
    TierStanding,
    Transaction,
    TransactionReceipt,
)

Seen = TypeVar("Seen")

EXPIRING_LIMIT = 50


async def view_profile(conn: Connection, member_id: UUID) -> Profile:
    """Raises Unauthenticated, MemberInactive."""
    return await members.get_profile(conn, member_id)


async def view_points(conn: Connection, member_id: UUID) -> PointsBalance:
    """Raises Unauthenticated, MemberInactive."""
    (balance,) = await view_points_of(conn, [member_id])
    return shown(balance)


async def view_points_of(conn: Connection, member_ids: Sequence[UUID]) -> list[PointsBalance | LaurelError]:
    """The balance of each, or why they may not see it: Unauthenticated, MemberInactive. In the order asked for."""
    rows = {row["member_id"]: row for row in await members.list_balances(conn, set(member_ids), EXPIRING_LIMIT)}
    standings = await _standings(conn, list(rows.values()))
    balances = {member_id: _points(row, standings[member_id]) for member_id, row in rows.items()}
    return [balances.get(member_id) or members.unknown_member() for member_id in member_ids]


def shown(seen: Seen | LaurelError) -> Seen:
    """What was asked for, unless there is a reason not to show it: that is raised."""
    if isinstance(seen, LaurelError):
        raise seen
    return seen


def _points(row: Record, standing: TierStanding) -> PointsBalance | LaurelError:
    return members.refusal(row["status"]) or _show_points(row, standing)


def _show_points(row: Record, standing: TierStanding) -> PointsBalance:
    return PointsBalance(
        member_id=row["member_id"],
        available=row["available"],
        pending=row["pending"],
        held=row["held"],
        owed=row["owed"],
        lifetime_earned=row["lifetime_earned"],
        tier=standing,
        expiring=[ExpiringPoints.model_validate(soon) for soon in row["expiring"]],
        version=row["version"],
        as_of=row["as_of"],
    )


def show_transactions(part: Part) -> list[Transaction]:
    """A part of the member's purchases. Raises Unauthenticated, MemberInactive."""
    return [_transaction(row) for row in shown(part)]


async def view_transaction(conn: Connection, member_id: UUID, transaction_id: UUID) -> Transaction:
    """A purchase of the member's own. Raises NotFound, Unauthenticated, MemberInactive."""
    await members.require_active(conn, member_id)
    return show_transaction(await transactions.get(conn, member_id, transaction_id))


async def view_receipt(conn: Connection, member_id: UUID, transaction_id: UUID) -> TransactionReceipt:
    """Why the member's own purchase earned what it earned. Raises NotFound, Unauthenticated, MemberInactive."""
    await members.require_active(conn, member_id)
    row: dict[str, Any] = dict(await transactions.get_receipt(conn, member_id, transaction_id))
    status = "recorded" if row["points_awarded"] is None else "awarded"
    return TransactionReceipt.model_validate({**row, "status": status})


async def view_rewards(
    conn: Connection, member_id: UUID, at: datetime, before: UUID | None, limit: int
) -> list[Reward]:
    """On offer, the newest first, with all that keeps the member from them. Raises Unauthenticated, MemberInactive."""
    member, wallet = await rewards.get_redeeming_member(conn, member_id)
    offered = await rewards.list_offered(conn, member_id, at, before, limit)
    return [_show_reward(reward, member, wallet, at) for reward in offered]


def show_redemptions(part: Part) -> list[Redemption]:
    """A part of the member's redemptions. Raises Unauthenticated, MemberInactive."""
    return [Redemption.model_validate(dict(row.items())) for row in shown(part)]


async def view_redemption(conn: Connection, member_id: UUID, redemption_id: UUID) -> Redemption:
    """A redemption of the member's own. Raises NotFound, Unauthenticated, MemberInactive."""
    await members.require_active(conn, member_id)
    return await redemptions.get(conn, member_id, redemption_id)


def show_transaction(stored: StoredTransaction) -> Transaction:
    """A purchase as its member sees it."""
    return Transaction(
        transaction_id=stored.transaction_id,
        external_id=stored.external_id,
        merchant_id=stored.merchant_id,
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
        amount=from_minor(stored.amount_minor, stored.currency),
        currency=stored.currency,
        items=[Item(**item) for item in stored.items],
        status=stored.status,
        points_awarded=stored.points_awarded,
        refunded_amount=from_minor(stored.refunded_minor, stored.currency),
    )


def _transaction(row: Record) -> Transaction:
    """Of columns, in one go: a page has many, and a basket many lines."""
    currency: str = row["currency"]
    return Transaction.model_validate(
        {
            **dict(row.items()),
            "transaction_id": row["id"],
            "amount": from_minor(row["amount_minor"], currency),
            "status": status_of(row["points_awarded"], row["amount_minor"], row["refunded_minor"]),
            "refunded_amount": from_minor(row["refunded_minor"], currency),
        }
    )


async def _standings(conn: Connection, rows: Sequence[Record]) -> dict[UUID, TierStanding]:
    if rows and rows[0]["tiers_move"]:
        return await view_standings(conn, rows)
    return {row["member_id"]: _standing(row) for row in rows}


def _standing(row: Record) -> TierStanding:
    here = Tier(row["tier_code"], row["tier_name"], row["tier_rank"], row["tier_threshold_points"])
    steps = [here]
    if row["next_code"] is not None:
        steps.append(Tier(row["next_code"], row["next_name"], row["next_rank"], row["next_threshold_points"]))
    progress = ladder(steps).progress(here.code, row["lifetime_earned"])
    return TierStanding(
        code=here.code,
        name=here.name,
        next=progress.next and progress.next.code,
        next_name=progress.next and progress.next.name,
        points_to_next=progress.points_to_next,
        benefits=row["tier_benefits"],
    )


def _show_reward(offered: OfferedReward, member: RedeemingMember, wallet: Wallet, at: datetime) -> Reward:
    obstacles = explain(member, wallet, offered.reward, offered.usage, at)
    return Reward(
        reward_id=offered.reward_id,
        name=offered.name,
        description=offered.description,
        image_url=offered.image_url,
        points_cost=offered.reward.points_cost,
        stock_remaining=offered.reward.stock_remaining,
        eligible=not obstacles,
        reasons=[_show_obstacle(obstacle) for obstacle in obstacles],
    )


def _show_obstacle(obstacle: DomainObstacle) -> Obstacle:
    return Obstacle(
        code=obstacle.code.value,
        detail=obstacle.detail,
        points_missing=obstacle.points_missing,
        tier_needed=obstacle.tier_needed,
        possible_at=obstacle.possible_at,
    )
