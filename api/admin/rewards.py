"""/rewards and /redemptions."""

from typing import Any
from uuid import UUID

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import OPERATOR, Access, Answer, Call, Download, Role
from loyalty.services import cancelling, confirming
from loyalty.services import rewards_admin as services
from loyalty.services.cancelling import RedemptionNotCancellable, RedemptionNotReserved
from loyalty.services.confirming import ReservationOver
from loyalty.store import rewards_admin as rewards
from loyalty.store.conflicts import VoucherCodeTaken
from loyalty.store.database import Connection
from schemas.admin.rewards import (
    Cancellation,
    Confirmation,
    NewReward,
    Redemption,
    RedemptionFilter,
    RedemptionPage,
    Release,
    Reward,
    RewardFilter,
    RewardPage,
    RewardPatch,
)

SHOWN_CHARACTERS = 4
PARTNER = Access(least_role=Role.OPERATOR, scope="redemptions:write")


async def list_rewards(call: Call[None, RewardFilter]) -> Answer | Download:
    return await answer_page(call, rewards.list_rewards, "rewards", lambda reward: reward.reward_id)


async def create_reward(call: Call[NewReward, None]) -> Answer:
    created = await services.create_reward(call.conn, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201, created)


async def get_reward(call: Call[None, None]) -> Answer:
    return Answer(200, await rewards.get_reward(call.conn, call.path["reward_id"]))


async def change_reward(call: Call[RewardPatch, None]) -> Answer:
    reward_id = call.path["reward_id"]
    return Answer(200, await services.change_reward(call.conn, reward_id, call.body, actor_of(call), call.deps.clock))


async def list_redemptions(call: Call[None, RedemptionFilter]) -> Answer | Download:
    list_rows = rewards.list_redemptions if (call.principal.role or 0) >= Role.OPERATOR else _list_without_vouchers
    return await answer_page(call, list_rows, "redemptions", lambda asked: asked.redemption_id)


async def get_redemption(call: Call[None, None]) -> Answer:
    return Answer(200, _shown(call, await rewards.get_redemption(call.conn, call.path["redemption_id"])))


async def cancel_redemption(call: Call[Cancellation, None]) -> Answer:
    redemption_id, deps = call.path["redemption_id"], call.deps
    done = await cancelling.cancel_redemption(
        call.conn, redemption_id, call.body, actor_of(call), deps.clock, deps.new_id
    )
    return Answer(200, done, changed_members=frozenset({done.member_id}))


async def confirm_redemption(call: Call[Confirmation, None]) -> Answer:
    redemption_id, deps = call.path["redemption_id"], call.deps
    done = await confirming.confirm_redemption(
        call.conn, redemption_id, call.body, actor_of(call), deps.clock, deps.new_id
    )
    return Answer(200, done, changed_members=frozenset({done.member_id}))


async def release_redemption(call: Call[Release, None]) -> Answer:
    redemption_id, deps = call.path["redemption_id"], call.deps
    done = await cancelling.release_redemption(
        call.conn, redemption_id, call.body.reason, actor_of(call), deps.clock, deps.new_id
    )
    return Answer(200, done, changed_members=frozenset({done.member_id}))


def _shown(call: Call[Any, Any], redemption: Redemption) -> Redemption:
    if (call.principal.role or 0) >= Role.OPERATOR:
        return redemption
    return redemption.model_copy(update={"voucher_code": _masked(redemption.voucher_code)})


async def _list_without_vouchers(
    conn: Connection, wanted: RedemptionFilter, before: UUID | None, limit: int
) -> list[Redemption]:
    """A voucher is worth its reward to whoever holds it: a viewer sees that there is one and how it ends."""
    found = await rewards.list_redemptions(conn, wanted, before, limit)
    return [row.model_copy(update={"voucher_code": _masked(row.voucher_code)}) for row in found]


def _masked(code: str | None) -> str | None:
    return None if code is None else f"…{code[-SHOWN_CHARACTERS:]}"


ROUTES = tagged(
    "Rewards",
    read("/rewards", list_rewards, "List rewards", RewardPage, RewardFilter),
    change("POST", "/rewards", create_reward, "Offer a reward", OPERATOR, NewReward, {201: Reward}),
    read("/rewards/{reward_id}", get_reward, "Get a reward", Reward),
    change(
        "PATCH",
        "/rewards/{reward_id}",
        change_reward,
        "Change a reward",
        OPERATOR,
        RewardPatch,
        {200: Reward},
    ),
    read("/redemptions", list_redemptions, "Find redemptions", RedemptionPage, RedemptionFilter),
    read("/redemptions/{redemption_id}", get_redemption, "Get a redemption", Redemption),
    change(
        "POST",
        "/redemptions/{redemption_id}/cancel",
        cancel_redemption,
        "Cancel a redemption and give its points back",
        OPERATOR,
        Cancellation,
        {200: Redemption},
        RedemptionNotCancellable,
        idempotent=True,
    ),
    change(
        "POST",
        "/redemptions/{redemption_id}/confirm",
        confirm_redemption,
        "Confirm a reservation: the reward was delivered",
        PARTNER,
        Confirmation,
        {200: Redemption},
        RedemptionNotReserved,
        ReservationOver,
        VoucherCodeTaken,
        idempotent=True,
    ),
    change(
        "POST",
        "/redemptions/{redemption_id}/release",
        release_redemption,
        "Release a reservation: the reward cannot be delivered",
        PARTNER,
        Release,
        {200: Redemption},
        RedemptionNotReserved,
        idempotent=True,
    ),
)
