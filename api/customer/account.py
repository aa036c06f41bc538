"""Who the member is and what points they have."""

from __future__ import annotations

from api.kit.routes import MEMBER, Answer, Call, Database, Route
from loyalty.services.auditing import Actor
from loyalty.services.member_views import shown, view_points_of, view_profile
from loyalty.services.transferring import TRANSFER_PROBLEMS, transfer_points
from loyalty.store.members import MemberInactive
from schemas.customer import PointsBalance, Profile
from schemas.transfers import NewTransfer, Transfer


async def get_profile(call: Call[None, None]) -> Answer:
    return Answer(200, await view_profile(call.conn, call.principal.id))


async def get_points(call: Call[None, None]) -> Answer:
    return Answer(200, shown(await call.deps.together.ask(view_points_of, call.principal.id)))


async def get_points_balance(call: Call[None, None]) -> Answer:
    return await get_points(call)


async def post_transfer(call: Call[NewTransfer, None]) -> Answer:
    giver = call.principal.id
    actor = Actor("member", str(giver), call.request_id, call.address, call.traceparent)
    transfer = await transfer_points(call.conn, giver, call.body, actor, call.deps.clock, call.deps.new_id)
    return Answer(201, transfer, changed_members=frozenset({giver, transfer.to_member_id}))


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
        database=Database.NONE,
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
        database=Database.NONE,
    ),
    Route(
        method="POST",
        path="/transfers",
        handler=post_transfer,
        summary="Give points to another member",
        description="Where the program allows it. The points keep the time at which they expire.",
        tag="Account",
        access=MEMBER,
        body=NewTransfer,
        answers={201: Transfer},
        problems=TRANSFER_PROBLEMS,
        database=Database.WRITE,
        idempotent=True,
    ),
)
