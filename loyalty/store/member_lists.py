"""Members' own lists, those that several members ask for at the same moment in one statement."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from loyalty.errors import LaurelError
from loyalty.store.database import Connection, Record
from loyalty.store.members import refusal, unknown_member
from loyalty.store.queries import fetch_all, queries


@dataclass(frozen=True, slots=True)
class PartAsked:
    """At most `limit` rows of a member's list, the last first, those before the one named."""

    member_id: UUID
    before: UUID | None
    limit: int


Part = list[Record] | LaurelError
"""The rows, or why the member may not see them: Unauthenticated, MemberInactive."""


async def list_transactions(conn: Connection, asked: Sequence[PartAsked]) -> list[Part]:
    """Purchases, the last recorded first. In the order asked for."""
    return await _parts(queries.list_transactions(conn, **_columns(asked)), len(asked))


async def list_redemptions(conn: Connection, asked: Sequence[PartAsked]) -> list[Part]:
    """Redemptions, the last asked for first. In the order asked for."""
    return await _parts(queries.list_redemptions(conn, **_columns(asked)), len(asked))


def _columns(asked: Sequence[PartAsked]) -> dict[str, Sequence[object]]:
    return {
        "member_ids": [each.member_id for each in asked],
        "before_ids": [each.before for each in asked],
        "row_limits": [each.limit for each in asked],
    }


async def _parts(rows: AsyncIterator[Any], count: int) -> list[Part]:
    """Each row says whose it is by its place; a member with nothing in the list has a row without an id."""
    parts: list[Part] = [unknown_member() for _ in range(count)]
    for place, group in groupby(await fetch_all(rows), itemgetter("place")):
        found = list(group)
        parts[place - 1] = refusal(found[0]["member_status"]) or [row for row in found if row["id"] is not None]
    return parts
