"""/members, their ledger and adjustments."""

from uuid import UUID

from api.admin.calls import actor_of, answer_page, cut_page
from api.admin.csv_lists import download, wants_csv
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, OPERATOR, Answer, Call, Download
from loyalty.domain.lots import InsufficientPoints
from loyalty.services import profiles, transferring
from loyalty.services.adjusting import MemberErased, adjust_points
from loyalty.services.enrolling import enrol_member
from loyalty.services.erasing import erase_member
from loyalty.services.transferring import TRANSFER_PROBLEMS
from loyalty.store import members_admin as members
from loyalty.store.conflicts import EmailTaken, ExternalIdTaken
from loyalty.store.database import Connection
from loyalty.store.member_search import FoundMember, Position, search_members
from loyalty.store.transfers import get_balance_at
from schemas.admin.lists import ListQuery
from schemas.admin.members import (
    Adjustment,
    BalanceAt,
    BalanceQuery,
    Erasure,
    LedgerPage,
    Member,
    MemberFilter,
    MemberPage,
    MemberPatch,
    NewAdjustment,
    NewErasure,
    NewMember,
)
from schemas.admin.timelines import Timeline, TimelineEntry
from schemas.transfers import NewTransfer, Transfer


async def list_members(call: Call[None, MemberFilter]) -> Answer | Download:
    if call.query.search is None or call.query.ids is not None:
        return await answer_page(call, members.list_members, "members", lambda member: member.member_id)
    scope = f"members:{call.query.search}"
    position = call.deps.cursors.read(scope, call.query.cursor)
    after = None if position is None else Position.parse(position)

    async def read_page(conn: Connection, after: Position | None, limit: int) -> list[FoundMember]:
        return await search_members(conn, call.query, after, limit)

    if wants_csv(call):
        return download(call, "members", after, read_page, lambda member: member.position)
    return cut_page(call, await read_page(call.conn, after, call.query.limit + 1), scope, lambda each: each.position)


async def create_member(call: Call[NewMember, None]) -> Answer:
    return Answer(201, await enrol_member(call.conn, call.body, actor_of(call), call.deps.clock, call.deps.new_id))


async def get_member(call: Call[None, None]) -> Answer:
    return Answer(200, await members.get_member(call.conn, call.path["member_id"]))


async def change_member(call: Call[MemberPatch, None]) -> Answer:
    changed = await profiles.change_member(
        call.conn, call.path["member_id"], call.body, actor_of(call), call.deps.clock
    )
    return Answer(200, changed)


async def post_erasure(call: Call[NewErasure, None]) -> Answer:
    member_id = call.path["member_id"]
    erasure = await erase_member(
        call.conn, member_id, call.body.reason, actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(201, erasure, changed_members=frozenset({member_id}))


async def list_member_ledger(call: Call[None, ListQuery]) -> Answer | Download:
    member_id = (await members.get_member(call.conn, call.path["member_id"])).member_id
    scope = f"ledger:{member_id}"
    position = call.deps.cursors.read(scope, call.query.cursor)
    before_seq = None if position is None else int(position)
    if wants_csv(call):
        return download(
            call,
            "ledger",
            before_seq,
            lambda conn, before, limit: members.list_ledger(conn, member_id, before, limit),
            lambda entry: entry.seq,
        )
    entries = await members.list_ledger(call.conn, member_id, before_seq, call.query.limit + 1)
    return cut_page(call, entries, scope, lambda entry: entry.seq)


async def list_timeline(call: Call[None, ListQuery]) -> Answer | Download:
    member_id = (await members.get_member(call.conn, call.path["member_id"])).member_id

    async def list_rows(conn: Connection, wanted: ListQuery, before: UUID | None, limit: int) -> list[TimelineEntry]:
        return await members.list_timeline(conn, member_id, before, limit)

    return await answer_page(call, list_rows, f"timeline:{member_id}", lambda entry: entry.id)


async def adjust_member(call: Call[NewAdjustment, None]) -> Answer:
    member_id = call.path["member_id"]
    adjustment = await adjust_points(call.conn, member_id, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201, adjustment, changed_members=frozenset({member_id}))


async def transfer_points(call: Call[NewTransfer, None]) -> Answer:
    member_id = call.path["member_id"]
    await members.get_member(call.conn, member_id)
    transfer = await transferring.transfer_points(
        call.conn, member_id, call.body, actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(201, transfer, changed_members=frozenset({member_id, transfer.to_member_id}))


async def get_balance(call: Call[None, BalanceQuery]) -> Answer:
    return Answer(200, await get_balance_at(call.conn, call.path["member_id"], call.query.at))


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
    change(
        "PATCH",
        "/members/{member_id}",
        change_member,
        "Change who a member is, or suspend one",
        OPERATOR,
        MemberPatch,
        {200: Member},
        EmailTaken,
        ExternalIdTaken,
        MemberErased,
    ),
    change(
        "POST",
        "/members/{member_id}/erasure",
        post_erasure,
        "Erase a member: what identifies them is forgotten for good",
        ADMIN,
        NewErasure,
        {201: Erasure},
        idempotent=True,
    ),
    read(
        "/members/{member_id}/ledger",
        list_member_ledger,
        "List a member's journal entries",
        LedgerPage,
        ListQuery,
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
    change(
        "POST",
        "/members/{member_id}/transfers",
        transfer_points,
        "Give points of a member to another",
        OPERATOR,
        NewTransfer,
        {201: Transfer},
        *TRANSFER_PROBLEMS,
        idempotent=True,
    ),
    read("/members/{member_id}/timeline", list_timeline, "List all that happened with a member", Timeline, ListQuery),
    read("/members/{member_id}/balance", get_balance, "What a member had at a moment", BalanceAt, BalanceQuery),
)
