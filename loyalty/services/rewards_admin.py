"""Rewards as operators manage them. A reward about to change is locked: no redemption takes stock of it meanwhile."""

from typing import Any
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.errors import Invalid, NotFound
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import merchants, program
from loyalty.store import rewards_admin as store
from loyalty.store.database import Connection
from schemas.admin.fields import POINTS_LIMIT
from schemas.admin.rewards import NewReward, Reward, RewardPatch


async def create_reward(
    conn: Connection, command: NewReward, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Reward:
    """Raises Invalid for an unknown tier or an end before the start."""
    at = clock()
    reward = Reward(reward_id=make_id(), created_at=at, updated_at=at, **dict(command))
    await _check(conn, reward)
    await store.insert_reward(conn, reward)
    await record_change(conn, _change("reward.created", None, reward), actor, at)
    return reward


async def change_reward(conn: Connection, reward_id: UUID, command: RewardPatch, actor: Actor, clock: Clock) -> Reward:
    """Raises NotFound, and Invalid as create_reward or for a stock below zero."""
    before = await store.lock_reward(conn, reward_id)
    after = before.model_copy(update=_new_values(before, command))
    if after == before:
        return before
    after = after.model_copy(update={"updated_at": clock()})
    await _check(conn, after)
    await store.update_reward(conn, after)
    await record_change(conn, _change("reward.changed", before, after), actor, after.updated_at)
    return after


def _new_values(before: Reward, command: RewardPatch) -> dict[str, Any]:
    values = command.given()
    if "stock_change" in values:
        values["stock_remaining"] = _changed_stock(before.stock_remaining, values.pop("stock_change"))
    return values


def _changed_stock(remaining: int | None, change: int) -> int:
    if remaining is None:
        raise Invalid([("/stock_change", "The reward's stock is not counted: set stock_remaining")])
    if not 0 <= remaining + change <= POINTS_LIMIT:
        raise Invalid([("/stock_change", f"The stock would be {remaining + change}")], stock_remaining=remaining)
    return remaining + change


async def _check(conn: Connection, reward: Reward) -> None:
    errors = []
    if reward.starts_at is not None and reward.ends_at is not None and reward.ends_at <= reward.starts_at:
        errors.append(("/ends_at", "The end must be after the start"))
    if reward.minimum_tier_code is not None and not await _is_tier(conn, reward.minimum_tier_code):
        errors.append(("/minimum_tier_code", "There is no such tier"))
    if reward.partner_id is not None and not await _is_merchant(conn, reward.partner_id):
        errors.append(("/partner_id", "There is no such merchant"))
    if reward.partner_id is not None and reward.confirm_seconds is None:
        errors.append(("/confirm_seconds", "A partner needs a time to confirm in"))
    if reward.confirm_seconds is not None and reward.voucher_source == "uploaded":
        errors.append(("/voucher_source", "Codes of a reward that a partner confirms are the partner's"))
    if errors:
        raise Invalid(errors)


async def _is_merchant(conn: Connection, merchant_id: UUID) -> bool:
    try:
        await merchants.get_merchant(conn, merchant_id)
    except NotFound:
        return False
    return True


async def _is_tier(conn: Connection, code: str) -> bool:
    """Under the lock that whoever replaces the tiers takes: the tier stays until this reward is stored."""
    await program.lock_program(conn)
    return code in {tier.code for tier in await program.list_tiers(conn)}


def _change(action: str, before: Reward | None, after: Reward) -> Change:
    return Change(action, "reward", str(after.reward_id), before, after)
