"""Rows of rewards and redemptions as operators see them: all of them, with their stock."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.admin.rewards import Redemption, RedemptionFilter, Reward, RewardFilter


async def insert_reward(conn: Connection, reward: Reward) -> None:
    await queries.insert_reward(conn, at=reward.created_at, **reward.model_dump(exclude={"created_at", "updated_at"}))


async def get_reward(conn: Connection, reward_id: UUID) -> Reward:
    """Raises NotFound."""
    return _reward(await queries.admin_reward_by_id(conn, reward_id=reward_id))


async def lock_reward(conn: Connection, reward_id: UUID) -> Reward:
    """The reward, held until the transaction ends: no redemption takes stock of it meanwhile. Raises NotFound."""
    return _reward(await queries.lock_admin_reward(conn, reward_id=reward_id))


async def update_reward(conn: Connection, reward: Reward) -> None:
    await queries.update_reward(conn, at=reward.updated_at, **reward.model_dump(exclude={"created_at", "updated_at"}))


async def list_rewards(conn: Connection, wanted: RewardFilter, before: UUID | None, limit: int) -> list[Reward]:
    rows = queries.list_admin_rewards(conn, active=wanted.active, before_id=before, limit=limit)
    return [Reward.model_validate(dict(row)) async for row in rows]


async def list_redemptions(
    conn: Connection, wanted: RedemptionFilter, before: UUID | None, limit: int
) -> list[Redemption]:
    rows = queries.list_admin_redemptions(
        conn,
        status=wanted.status,
        member_id=wanted.member_id,
        reward_id=wanted.reward_id,
        before_id=before,
        limit=limit,
    )
    return [Redemption.model_validate(dict(row)) async for row in rows]


async def get_redemption(conn: Connection, redemption_id: UUID) -> Redemption:
    """Raises NotFound."""
    row = await queries.admin_redemption_by_id(conn, redemption_id=redemption_id)
    if row is None:
        raise NotFound("There is no such redemption.")
    return Redemption.model_validate(dict(row))


def _reward(row: Mapping[str, Any] | None) -> Reward:
    if row is None:
        raise NotFound("There is no such reward.")
    return Reward.model_validate(dict(row))
