"""All that is held of one member, section by section, read through cursors: memory stays bounded whatever there is."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import queries

PAGE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Section:
    """A list of the export: the query that reads it, and the tables that it is the whole of, as far as one member."""

    query: str
    tables: tuple[str, ...]


MEMBER_TABLES = ("member", "wallet")
SECTIONS: Mapping[str, Section] = {
    "transactions": Section("export_transactions", ("transaction", "award")),
    "refunds": Section("export_refunds", ("refund",)),
    "custom_events": Section("export_custom_events", ("member_event", "event_award", "event_reversal")),
    "redemptions": Section("export_redemptions", ("redemption", "voucher")),
    "journal": Section("export_journal", ("journal_entry", "posting")),
    "lots": Section("export_lots", ("lot", "lot_draw")),
    "transfers": Section("export_transfers", ("transfer",)),
    "referrals": Section("export_referrals", ("referral",)),
    "tier_changes": Section("export_tiers", ("tier_change",)),
    "tier_standing": Section("export_tier_standing", ("tier_standing",)),
    "qualifying_months": Section("export_qualifying_months", ("qualifying_month",)),
    "rule_usage": Section("export_rule_usage", ("rule_member_usage",)),
    "sessions": Section("export_sessions", ("refresh_token",)),
    "changes": Section("export_changes", ("audit_log",)),
    "requests": Section("export_requests", ("idempotency_key",)),
}
"""In the order in which the export has them."""


async def get_member(conn: Connection, member_id: UUID) -> Mapping[str, Any]:
    """The member's own row with the wallet. Raises NotFound."""
    row: Mapping[str, Any] | None = await queries.export_member(conn, member_id=member_id)
    if row is None:
        raise NotFound("There is no such member.")
    return dict(row)


async def iter_section(conn: Connection, name: str, member_id: UUID) -> AsyncIterator[list[dict[str, Any]]]:
    """The section's rows, a page at a time. The caller has a transaction open."""
    sql: str = getattr(queries, SECTIONS[name].query).sql
    cursor = await conn.cursor(sql, member_id)
    while rows := await cursor.fetch(PAGE_ROWS):
        yield [dict(row) for row in rows]
