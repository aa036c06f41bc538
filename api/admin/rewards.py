"""/rewards and /redemptions."""

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import OPERATOR, Answer, Call
from loyalty.services import rewards_admin as services
from loyalty.store import rewards_admin as rewards
from schemas.admin.rewards import (
    NewReward,
    RedemptionFilter,
    RedemptionPage,
    Reward,
    RewardFilter,
    RewardPage,
    RewardPatch,
)


async def list_rewards(call: Call[None, RewardFilter]) -> Answer:
    return await answer_page(call, rewards.list_rewards, "rewards", lambda reward: reward.reward_id)


async def create_reward(call: Call[NewReward, None]) -> Answer:
    created = await services.create_reward(call.conn, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201, created)


async def get_reward(call: Call[None, None]) -> Answer:
    return Answer(200, await rewards.get_reward(call.conn, call.path["reward_id"]))


async def change_reward(call: Call[RewardPatch, None]) -> Answer:
    reward_id = call.path["reward_id"]
    return Answer(200, await services.change_reward(call.conn, reward_id, call.body, actor_of(call), call.deps.clock))


async def list_redemptions(call: Call[None, RedemptionFilter]) -> Answer:
    return await answer_page(call, rewards.list_redemptions, "redemptions", lambda asked: asked.redemption_id)


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
)
