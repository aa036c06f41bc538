"""What changes for the member, pushed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from api.kit.errors import InvalidHeader
from api.kit.routes import MEMBER, Call, Database, EventStream, Route
from api.kit.sse import Change, Changes
from loyalty.services.watching import MODELS, changes_since
from loyalty.store import members
from loyalty.store.database import Connection
from loyalty.store.members import MemberInactive

VERSION = re.compile(r"[0-9]{1,18}", re.ASCII)


async def read_changes(conn: Connection, versions: Mapping[UUID, int | None]) -> Changes:
    """What the hub delivers to the members' connections."""
    seen, cut_short = await changes_since(conn, versions)
    found = [
        Change(each.member_id, each.version, each.event, each.body.model_dump_json().encode(), each.is_state)
        for each in seen
    ]
    return Changes(found, cut_short)


async def get_events(call: Call[None, None]) -> EventStream:
    seen = _last_seen(call.headers.get("last-event-id"))
    async with call.lent() as conn:
        await members.require_active(conn, call.principal.id)
    call.deps.hub.admit(call.principal.id)
    return EventStream(call.deps.hub.stream(call.principal.id, seen, call.principal.expires_at))


def _last_seen(header: str | None) -> int | None:
    if not header:
        return None
    if not VERSION.fullmatch(header):
        raise InvalidHeader([("/Last-Event-ID", "This is not an id of an event of this API")])
    return int(header)


ROUTES = (
    Route(
        method="GET",
        path="/events",
        handler=get_events,
        summary="What changes for the member, as it happens (server-sent events)",
        description="Events: points.changed (the balance now; also the first event of every connection), "
        "transaction.awarded, redemption.completed. An event's id is the member's version after it: with Last-Event-ID "
        "the stream goes on where it broke off, at any process. It ends when the access token expires.",
        tag="Events",
        access=MEMBER,
        answers={200: None},
        problems=(MemberInactive, InvalidHeader),
        database=Database.NONE,
        events=MODELS,
    ),
)
