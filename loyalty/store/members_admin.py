"""Members as operators see them, with their ledger."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from loyalty.domain.money import from_minor
from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from schemas.admin.members import LedgerEntry, Member, MemberFilter, MemberPoints
from schemas.admin.timelines import TimelineEntry


async def get_member(conn: Connection, member_id: UUID) -> Member:
    """Raises NotFound."""
    row = await queries.admin_member_by_id(conn, member_id=member_id)
    if row is None:
        raise NotFound("There is no such member.")
    return _member(row)


async def find_member_id(conn: Connection, external_id: str) -> UUID | None:
    """The member whom another system calls `external_id`."""
    found: UUID | None = await queries.member_id_by_external_id(conn, external_id=external_id)
    return found


async def list_members(conn: Connection, wanted: MemberFilter, before: UUID | None, limit: int) -> list[Member]:
    """At most `limit` members before this one, newest first; `wanted.search` is not looked at."""
    given = {"status": wanted.status, "tier_code": wanted.tier_code, "before_id": before, "limit": limit}
    if wanted.ids is not None:
        rows = queries.list_admin_members_named(conn, ids=wanted.ids.split(","), **given)
    elif wanted.status not in (None, "active"):
        rows = queries.list_admin_members_not_active(conn, **given)
    elif wanted.tier_code is not None:
        rows = queries.list_admin_members_in_tier(conn, **given)
    else:
        rows = queries.list_admin_members(conn, **given)
    return [_member(row) async for row in rows]


async def list_ledger(conn: Connection, member_id: UUID, before_seq: int | None, limit: int) -> list[LedgerEntry]:
    """The member's newest `limit` entries before the one with `before_seq`."""
    rows = queries.list_ledger_entries(conn, member_id=member_id, before_seq=before_seq, limit=limit)
    return [LedgerEntry.model_validate(dict(row)) async for row in rows]


def member_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a member and their wallet as the fields of a Member."""
    return {**row, "points": {name: row[name] for name in MemberPoints.model_fields}}


def _member(row: Mapping[str, Any]) -> Member:
    return Member.model_validate(member_fields(row))


async def list_timeline(conn: Connection, member_id: UUID, before: UUID | None, limit: int) -> list[TimelineEntry]:
    """What happened with the member before the entry `before`, the last first."""
    rows = await fetch_all(queries.member_timeline(conn, member_id=member_id, before_id=before, limit=limit))
    return [TimelineEntry.model_validate({**row, "amount": _amount(row)}) for row in rows]


def _amount(row: Mapping[str, Any]) -> str | None:
    return None if row["amount_minor"] is None else from_minor(row["amount_minor"], row["currency"])
