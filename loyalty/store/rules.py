"""Rows of earning rules and their versions."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.domain.award import UsageKey
from loyalty.domain.purchase import MemberFacts
from loyalty.domain.rules.definition import ActiveRule
from loyalty.domain.rules.parse import active_rule
from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries
from schemas.admin.rules import Rule, RuleFilter, RuleVersion, RuleWithVersions


async def insert_rule(conn: Connection, rule_id: UUID, at: datetime) -> None:
    """A draft. Its first version must follow in the same transaction."""
    await queries.insert_rule(conn, rule_id=rule_id, at=at)


async def insert_version(
    conn: Connection,
    rule_id: UUID,
    version: int,
    definition: Mapping[str, Any],
    created_at: datetime,
    created_by: UUID | None,
) -> None:
    await queries.insert_rule_version(
        conn,
        rule_id=rule_id,
        version=version,
        name=definition["name"],
        definition=definition,
        at=created_at,
        created_by=created_by,
    )
    await queries.raise_latest_version(conn, rule_id=rule_id, version=version)


async def lock_rule(conn: Connection, rule_id: UUID) -> Rule:
    """The rule, held against other changes of it. Raises NotFound."""
    await queries.lock_rule(conn, rule_id=rule_id)
    return await get_rule(conn, rule_id)


async def get_rule(conn: Connection, rule_id: UUID) -> Rule:
    """Raises NotFound."""
    row = await queries.rule_by_id(conn, rule_id=rule_id)
    if row is None:
        raise NotFound("There is no such earning rule.")
    return Rule.model_validate(dict(row))


async def get_rule_with_versions(conn: Connection, rule_id: UUID) -> RuleWithVersions:
    """Raises NotFound."""
    rule = await get_rule(conn, rule_id)
    versions = [
        RuleVersion.model_validate(dict(row)) async for row in queries.list_rule_versions(conn, rule_id=rule_id)
    ]
    return RuleWithVersions(**dict(rule), versions=versions)


async def list_rules(conn: Connection, wanted: RuleFilter, before: UUID | None, limit: int) -> list[Rule]:
    rows = queries.list_rules(conn, status=wanted.status, before_id=before, limit=limit)
    return [Rule.model_validate(dict(row)) async for row in rows]


async def set_active(conn: Connection, rule_id: UUID, version: int, at: datetime) -> None:
    await queries.set_rule_active(conn, rule_id=rule_id, version=version, at=at)


async def set_retired(conn: Connection, rule_id: UUID, at: datetime) -> None:
    await queries.set_rule_retired(conn, rule_id=rule_id, at=at)


async def list_active_rules(conn: Connection) -> list[ActiveRule]:
    """The versions in force, oldest rule first."""
    return [active_rule(**row) for row in await fetch_all(queries.list_active_rules(conn))]


async def member_facts(conn: Connection, member_id: UUID) -> MemberFacts:
    """What the rules may ask of a member, unlocked. Raises NotFound."""
    row = await queries.member_facts(conn, member_id=member_id)
    if row is None:
        raise NotFound("There is no such member.")
    return MemberFacts(**row)


async def newcomer_facts(conn: Connection, joined_at: datetime) -> MemberFacts:
    """What the rules may ask of someone who joins at `joined_at`."""
    return MemberFacts(joined_at=joined_at, **await queries.newcomer_facts(conn))


async def read_budgets(conn: Connection, keys: Collection[UsageKey]) -> dict[UsageKey, int]:
    """What rules have given all members so far, unlocked: for looking, not for spending."""
    by_rule = {key.rule_id: key for key in keys}
    rows = queries.list_budget_usage(conn, rule_ids=list(by_rule))
    return {by_rule[row["rule_id"]]: row["points"] async for row in rows}
