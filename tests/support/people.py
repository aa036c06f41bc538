"""Members with points and rewards to ask for, made through the services for tests of the whole path."""

from __future__ import annotations

from uuid import UUID

from loyalty.clock import system_clock
from loyalty.services.adjusting import adjust_points
from loyalty.services.auditing import Actor
from loyalty.services.merchants import create_merchant
from loyalty.services.registering import RegisterMember, register_member
from loyalty.services.rewards_admin import create_reward
from loyalty.store.database import Pool, transaction
from schemas.admin.members import NewAdjustment
from schemas.admin.merchants import NewMerchant
from schemas.admin.rewards import NewReward

TESTER = Actor(kind="system", id="tests")


async def new_members(pool: Pool, count: int, points: int = 0) -> list[UUID]:
    """Members who have `points` each."""
    members = []
    async with transaction(pool) as conn:
        for number in range(count):
            profile = await register_member(conn, RegisterMember(name=f"Member {number}"), system_clock)
            members.append(profile.member_id)
            if points:
                command = NewAdjustment(points=points, reason="to begin with")
                await adjust_points(conn, profile.member_id, command, TESTER, system_clock)
    return members


async def new_reward(pool: Pool, points_cost: int, stock: int | None = None) -> UUID:
    async with transaction(pool) as conn:
        command = NewReward(name="A thing", points_cost=points_cost, stock_remaining=stock)
        return (await create_reward(conn, command, TESTER, system_clock)).reward_id


async def new_merchant(pool: Pool) -> UUID:
    async with transaction(pool) as conn:
        return (await create_merchant(conn, NewMerchant(name="A shop"), TESTER, system_clock)).merchant_id


async def decided(pool: Pool, reward_id: UUID, count: int) -> bool:
    """Whether `count` redemptions of the reward were asked for and all of them are decided."""
    async with pool.acquire() as conn:
        found = await conn.fetchrow(
            "select count(*), count(*) filter (where status = 'pending') from redemption where reward_id = $1",
            reward_id,
        )
    return tuple(found) == (count, 0)
