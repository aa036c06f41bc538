"""Members found as one types, a page at a time, in the order of what they are found by.

A search looks in five places, one after the other: how the name begins, how its last word does, the email, the external
id, and any other word of the name. Each has an index in its own order, read from where the page before ended until the
page is full: what a page costs does not grow with how many members there are or begin so. Whom an earlier place finds,
a later one leaves out, so that nobody comes twice.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from pydantic import Field

from loyalty.store.database import Connection
from loyalty.store.members_admin import member_fields
from loyalty.store.queries import fetch_all, queries
from schemas.admin.members import Member, MemberFilter

PLACES = ("with_id", "name", "last_word", "email", "external_id", "words")
FIRST = UUID(int=0)
WORD = re.compile(r"\w+")


class Position(NamedTuple):
    """Where a page ended: the place, and there the key and the member."""

    place: int
    key: str
    member_id: UUID

    @classmethod
    def parse(cls, text: str) -> "Position":
        place, key, member_id = json.loads(text)
        return cls(place, key, UUID(member_id))

    def __str__(self) -> str:
        return json.dumps([self.place, self.key, str(self.member_id)], ensure_ascii=False)


class FoundMember(Member):
    """A member, and where the search goes on after them; that is not shown."""

    position: Position = Field(exclude=True)


async def search_members(
    conn: Connection, wanted: MemberFilter, after: Position | None, limit: int
) -> list[FoundMember]:
    """At most `limit` members whom `wanted.search` finds, after this position."""
    found: list[Position] = []
    for place in range(after.place if after else 0, len(PLACES)):
        since = after if after and after.place == place else None
        found += await _search_place(conn, place, wanted, since, limit - len(found))
        if len(found) == limit:
            break
    return await _read(conn, found)


async def _search_place(
    conn: Connection, place: int, wanted: MemberFilter, since: Position | None, limit: int
) -> list[Position]:
    search = wanted.search or ""
    given = {"status": wanted.status, "tier_code": wanted.tier_code}
    paged = given | {"after_key": since and since.key, "after_id": since.member_id if since else FIRST, "limit": limit}
    match PLACES[place]:
        case "with_id":
            member_id = None if since else _as_id(search)
            rows = queries.search_member_with_id(conn, member_id=member_id, **given)
        case "name":
            rows = queries.search_members_by_name(conn, prefix=search, **paged)
        case "last_word":
            rows = queries.search_members_by_last_word(conn, prefix=search, **paged)
        case "email":
            rows = queries.search_members_by_email(conn, prefix=search, **paged)
        case "external_id":
            rows = queries.search_members_by_external_id(conn, prefix=search, **paged)
        case _:
            rows = queries.search_members_by_words(conn, prefix=search, words=_beginnings(search), **paged)
    return [Position(place, row["key"], row["id"]) for row in await fetch_all(rows)]


async def _read(conn: Connection, found: Sequence[Position]) -> list[FoundMember]:
    """The members at these positions, in their order."""
    if not found:
        return []
    given = {"status": None, "tier_code": None, "before_id": None, "limit": len(found)}
    rows = queries.list_admin_members_named(conn, ids=[each.member_id for each in found], **given)
    by_id = {row["member_id"]: row for row in await fetch_all(rows)}
    return [FoundMember.model_validate({**member_fields(by_id[at.member_id]), "position": at}) for at in found]


def _beginnings(text: str) -> str | None:
    """A text search query for names that have a word beginning with each word of `text`."""
    words = WORD.findall(text)
    return " & ".join(f"'{word}':*" for word in words) if words else None


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None
