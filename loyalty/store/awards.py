"""Awards, and the counters of the rules that give only so much."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from loyalty.domain.award import Counter, UsageKey
from loyalty.store.columns import numbers, numbers_or_null
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries

MemberUsageKey = tuple[UUID, UsageKey]
"""A member and a counter of that member."""


class NewAward(NamedTuple):
    """entry_id is None for an award of 0 points: it books nothing. The receipt is JSON."""

    transaction_id: UUID
    member_id: UUID
    points: int
    entry_id: int | None
    ruleset_version: int
    receipt: str
    wallet_version: int


async def insert_awards(conn: Connection, awards: Sequence[NewAward], awarded_at: datetime) -> None:
    """Stores the awards, whatever their number, in one statement."""
    await queries.insert_awards(
        conn,
        awarded_at=awarded_at,
        transaction_ids=[a.transaction_id for a in awards],
        member_ids=[a.member_id for a in awards],
        points=numbers([a.points for a in awards]),
        entry_ids=numbers_or_null([a.entry_id for a in awards]),
        ruleset_versions=numbers([a.ruleset_version for a in awards]),
        receipts=[a.receipt for a in awards],
        wallet_versions=numbers([a.wallet_version for a in awards]),
    )


async def read_member_usage(conn: Connection, keys: Collection[MemberUsageKey]) -> dict[MemberUsageKey, int]:
    """The counters that are not zero. The wallets' locks guard them."""
    if not keys:
        return {}
    rows = queries.list_member_usage(
        conn,
        rule_ids=[key.rule_id for _, key in keys],
        member_ids=[member_id for member_id, _ in keys],
        period_keys=[key.period_key for _, key in keys],
    )
    return {
        (row["member_id"], UsageKey(row["rule_id"], Counter.MEMBER, row["period_key"])): row["points"]
        for row in await fetch_all(rows)
    }


async def lock_budgets(conn: Connection, keys: Collection[UsageKey]) -> dict[UsageKey, int]:
    """The budgets' counters, locked until the transaction ends, in id order."""
    if not keys:
        return {}
    by_rule = {key.rule_id: key for key in keys}
    rows = await fetch_all(queries.lock_budgets(conn, rule_ids=list(by_rule)))
    return {by_rule[row["rule_id"]]: row["points"] for row in rows}


async def save_member_usage(conn: Connection, counters: Mapping[MemberUsageKey, int]) -> None:
    """Writes the members' counters."""
    if counters:
        await queries.save_member_usage(
            conn,
            rule_ids=[key.rule_id for _, key in counters],
            member_ids=[member_id for member_id, _ in counters],
            period_keys=[key.period_key for _, key in counters],
            points=list(counters.values()),
        )


async def save_budgets(conn: Connection, counters: Mapping[UsageKey, int]) -> None:
    """Writes the budgets' counters."""
    if counters:
        await queries.save_budgets(conn, rule_ids=[key.rule_id for key in counters], points=list(counters.values()))
