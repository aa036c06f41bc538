"""Who the member is and what points they have."""

from __future__ import annotations

from api.kit.routes import MEMBER, Answer, Call, Route
from loyalty.services.member_views import view_points, view_profile
from loyalty.store.members import MemberInactive
from schemas.customer import PointsBalance, Profile


async def get_profile(call: Call[None, None]) -> Answer:
    return Answer(200, await view_profile(call.conn, call.principal.id))


async def get_points(call: Call[None, None]) -> Answer:
    return Answer(200, await view_points(call.conn, call.principal.id))


async def get_points_balance(call: Call[None, None]) -> Answer:
    return await get_points(call)


ROUTES = (
    Route(
        method="GET",
        path="/profile",
        handler=get_profile,
        summary="The member's own profile",
        tag="Account",
        access=MEMBER,
        answers={200: Profile},
        problems=(MemberInactive,),
    ),
    Route(
        method="GET",
        path="/points",
        handler=get_points,
        summary="The member's points and tier",
        tag="Account",
        access=MEMBER,
        answers={200: PointsBalance},
        problems=(MemberInactive,),
    ),
    Route(
        method="GET",
        path="/points/balance",
        handler=get_points_balance,
        summary="The same as /points",
        tag="Account",
        access=MEMBER,
        answers={200: PointsBalance},
        problems=(MemberInactive,),
    ),
)
