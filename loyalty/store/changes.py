"""What members can see change, since a version of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries


@dataclass(frozen=True, slots=True)
class MemberChange:
    member_id: UUID
    version: int
    event: str
    data: dict[str, Any]


async def list_since(conn: Connection, seen_versions: Mapping[UUID, int], limit: int) -> list[MemberChange]:
    """At most `limit` awards and as many redemptions of each member after the version seen, and each one's state."""
    rows = queries.list_member_changes(
        conn, member_ids=list(seen_versions), seen_versions=list(seen_versions.values()), row_limit=limit
    )
    return [MemberChange(**row) for row in await fetch_all(rows)]
