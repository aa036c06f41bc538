"""Rewards: what there is, what the member can have, and asking for it."""

from __future__ import annotations

from api.kit.routes import MEMBER, Answer, Call, Database, Route
from loyalty.errors import NotFound
from loyalty.services.member_views import show_redemptions, view_redemption, view_rewards
from loyalty.services.requesting_redemption import RequestRedemption, request_redemption
from loyalty.store import member_lists
from loyalty.store.member_lists import PartAsked
from loyalty.store.members import MemberInactive
from schemas.common import PageQuery
from schemas.customer import Redemption, RedemptionPage, RedemptionRequest, RewardPage


async def list_rewards(call: Call[None, PageQuery]) -> Answer:
    scope = "customer.rewards"
    before = call.deps.cursors.read_id(scope, call.query.cursor)
    rows = await view_rewards(call.conn, call.principal.id, call.deps.clock(), before, call.query.limit + 1)
    page, cursor = call.deps.cursors.cut(scope, rows, call.query.limit, lambda row: row.reward_id)
    return Answer(200, RewardPage(data=list(page), next_cursor=cursor))


async def post_redeem(call: Call[RedemptionRequest, None]) -> Answer:
    command = RequestRedemption(call.principal.id, call.body.reward_id, call.traceparent)
    redemption = await request_redemption(call.conn, command, call.deps.clock, call.deps.new_id)
    return Answer(202, redemption, {"Location": f"/api/customer/redemptions/{redemption.redemption_id}"})


async def list_redemptions(call: Call[None, PageQuery]) -> Answer:
    scope = f"customer.redemptions:{call.principal.id}"
    before = call.deps.cursors.read_id(scope, call.query.cursor)
    asked = PartAsked(call.principal.id, before, call.query.limit + 1)
    rows = show_redemptions(await call.deps.together.ask(member_lists.list_redemptions, asked))
    page, cursor = call.deps.cursors.cut(scope, rows, call.query.limit, lambda row: row.redemption_id)
    return Answer(200, RedemptionPage(data=list(page), next_cursor=cursor))


async def get_redemption(call: Call[None, None]) -> Answer:
    return Answer(200, await view_redemption(call.conn, call.principal.id, call.path["redemption_id"]))


ROUTES = (
    Route(
        method="GET",
        path="/rewards",
        handler=list_rewards,
        summary="Rewards on offer, and what keeps the member from each",
        tag="Rewards",
        access=MEMBER,
        query=PageQuery,
        answers={200: RewardPage},
        problems=(MemberInactive,),
    ),
    Route(
        method="POST",
        path="/redeem",
        handler=post_redeem,
        summary="Ask for a reward",
        description="The redemption is decided a moment later, with the points the member then has: see "
        "`redemption.completed` of /events, or ask at the Location.",
        tag="Rewards",
        access=MEMBER,
        body=RedemptionRequest,
        answers={202: Redemption},
        problems=(NotFound, MemberInactive),
        database=Database.WRITE,
        idempotent=True,
    ),
    Route(
        method="GET",
        path="/redemptions",
        handler=list_redemptions,
        summary="The member's redemptions, the last first",
        tag="Rewards",
        access=MEMBER,
        query=PageQuery,
        answers={200: RedemptionPage},
        problems=(MemberInactive,),
        database=Database.NONE,
    ),
    Route(
        method="GET",
        path="/redemptions/{redemption_id}",
        handler=get_redemption,
        summary="One redemption",
        tag="Rewards",
        access=MEMBER,
        answers={200: Redemption},
        problems=(MemberInactive,),
    ),
)
