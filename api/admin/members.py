"""/members, their ledger and adjustments."""

from api.admin.calls import actor_of, answer_page, cut_page
from api.admin.table import change, read, tagged
from api.kit.routes import OPERATOR, Answer, Call
from loyalty.domain.lots import InsufficientPoints
from loyalty.services.adjusting import MemberErased, adjust_points
from loyalty.services.enrolling import enrol_member
from loyalty.store import members_admin as members
from loyalty.store.conflicts import EmailTaken, ExternalIdTaken
from schemas.admin.members import Adjustment, LedgerPage, Member, MemberFilter, MemberPage, NewAdjustment, NewMember
from schemas.common import PageQuery


async def list_members(call: Call[None, MemberFilter]) -> Answer:
    return await answer_page(call, members.list_members, "members", lambda member: member.member_id)


async def create_member(call: Call[NewMember, None]) -> Answer:
    return Answer(201, await enrol_member(call.conn, call.body, actor_of(call), call.deps.clock, call.deps.new_id))


async def get_member(call: Call[None, None]) -> Answer:
    return Answer(200, await members.get_member(call.conn, call.path["member_id"]))


async def list_member_ledger(call: Call[None, PageQuery]) -> Answer:
    member = await members.get_member(call.conn, call.path["member_id"])
    scope = f"ledger:{member.member_id}"
    position = call.deps.cursors.read(scope, call.query.cursor)
    before_seq = None if position is None else int(position)
    entries = await members.list_ledger(call.conn, member.member_id, before_seq, call.query.limit + 1)
    return cut_page(call, entries, scope, lambda entry: entry.seq)


async def adjust_member(call: Call[NewAdjustment, None]) -> Answer:
    member_id = call.path["member_id"]
    adjustment = await adjust_points(call.conn, member_id, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201, adjustment, changed_members=frozenset({member_id}))


ROUTES = tagged(
    "Members",
    read("/members", list_members, "Find members", MemberPage, MemberFilter),
    change(
        "POST",
        "/members",
        create_member,
        "Enrol a member",
        OPERATOR,
        NewMember,
        {201: Member},
        EmailTaken,
        ExternalIdTaken,
    ),
    read("/members/{member_id}", get_member, "Get a member", Member),
    read(
        "/members/{member_id}/ledger",
        list_member_ledger,
        "List a member's journal entries",
        LedgerPage,
        PageQuery,
    ),
    change(
        "POST",
        "/members/{member_id}/adjustments",
        adjust_member,
        "Give or take points",
        OPERATOR,
        NewAdjustment,
        {201: Adjustment},
        InsufficientPoints,
        MemberErased,
        idempotent=True,
    ),
)
