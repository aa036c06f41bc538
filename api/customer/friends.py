"""The member's code for friends, and what became of those who joined with it."""

from __future__ import annotations

from api.kit.routes import MEMBER, Answer, Call, Route
from loyalty.services.friends import view_friends, view_invitation
from loyalty.store.members import MemberInactive
from schemas.common import PageQuery
from schemas.friends import Friend, FriendPage


async def list_friends(call: Call[None, PageQuery]) -> Answer:
    member_id = call.principal.id
    scope = f"customer.friends:{member_id}"
    before = call.deps.cursors.read_id(scope, call.query.cursor)
    invitation = await view_invitation(call.conn, member_id, call.deps.clock)
    rows = await view_friends(call.conn, member_id, before, call.query.limit + 1)
    page, cursor = call.deps.cursors.cut(scope, rows, call.query.limit, lambda row: row.referred_id)
    friends = [Friend(status=row.status, joined_at=row.referred_at, settled_at=row.settled_at) for row in page]
    return Answer(
        200,
        FriendPage(
            data=friends,
            next_cursor=cursor,
            code=invitation.code,
            completed=invitation.completed,
            terms=invitation.terms,
        ),
    )


ROUTES = (
    Route(
        method="GET",
        path="/referrals",
        handler=list_friends,
        summary="The member's code for friends, and how those who joined with it stand",
        description="Who they are is not told.",
        tag="Account",
        access=MEMBER,
        query=PageQuery,
        answers={200: FriendPage},
        problems=(MemberInactive,),
    ),
)
