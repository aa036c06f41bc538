"""Rows of earning rules and their versions."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from loyalty.domain.award import Counter, UsageKey
from loyalty.domain.purchase import MemberFacts
from loyalty.domain.rules.definition import ActiveRule, Limits
from loyalty.domain.rules.parse import active_rule, parse_limits
from loyalty.errors import NotFound
from loyalty.store.database import Connection, Record
from loyalty.store.queries import fetch_all, queries
from schemas.admin.rules import ListedRule, Rule, RuleFilter, RuleVersion, RuleWithVersions, TrialDay

EVERYBODY = UUID(int=0)
"""Whose counter a budget of a rule on trial is."""


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


async def list_rules(conn: Connection, wanted: RuleFilter, before: UUID | None, limit: int) -> list[ListedRule]:
    rows = queries.list_rules(conn, status=wanted.status, before_id=before, limit=limit)
    return [ListedRule.model_validate(dict(row)) async for row in rows]


async def set_active(conn: Connection, rule_id: UUID, version: int, at: datetime) -> None:
    await queries.set_rule_active(conn, rule_id=rule_id, version=version, at=at)


async def set_retired(conn: Connection, rule_id: UUID, at: datetime) -> None:
    await queries.set_rule_retired(conn, rule_id=rule_id, at=at)


async def set_on_trial(conn: Connection, rule_id: UUID, version: int, at: datetime) -> None:
    await queries.set_rule_on_trial(conn, rule_id=rule_id, version=version, at=at)


async def schedule(conn: Connection, rule_id: UUID, version: int | None, at: datetime | None) -> None:
    await queries.schedule_rule(conn, rule_id=rule_id, version=version, at=at)


async def list_due(conn: Connection, at: datetime, limit: int) -> list[tuple[UUID, int]]:
    """Rules and the versions of them whose time has come, the longest due first."""
    rows = queries.list_due_rules(conn, at=at, row_limit=limit)
    return [(row["rule_id"], row["version"]) async for row in rows]


class TrialKey(NamedTuple):
    """What trials are counted by; the day is that of the purchase, in the program's time zone."""

    rule_id: UUID
    version: int
    day: date


class TrialCount(NamedTuple):
    """The purchases that a rule on trial would have given points for, and those points."""

    purchases: int = 0
    points: int = 0

    def plus(self, points: int) -> "TrialCount":
        return TrialCount(self.purchases + 1, self.points + points)


async def count_trials(conn: Connection, counts: Mapping[TrialKey, TrialCount]) -> None:
    if counts:
        await queries.count_trials(
            conn,
            rule_ids=[key.rule_id for key in counts],
            versions=[key.version for key in counts],
            days=[key.day for key in counts],
            purchases=[count.purchases for count in counts.values()],
            points=[count.points for count in counts.values()],
        )


class TrialCounter(NamedTuple):
    """A counter of a version of a rule on trial. member_id is EVERYBODY for a budget."""

    version: int
    member_id: UUID
    key: UsageKey


async def lock_trial_usage(conn: Connection, counters: Collection[TrialCounter]) -> dict[tuple[UUID, UsageKey], int]:
    """Counters that do not stand at zero, by member and key. Hold the wallets' locks; budgets are locked."""
    if not counters:
        return {}
    rows = await fetch_all(queries.lock_trial_usage(conn, **_columns(counters)))
    return {(row["member_id"], _usage_key(row)): row["points"] for row in rows}


async def save_trial_usage(conn: Connection, counters: Mapping[TrialCounter, int]) -> None:
    if counters:
        await queries.save_trial_usage(conn, **_columns(counters), points=list(counters.values()))


def _usage_key(row: Record) -> UsageKey:
    counter = Counter.BUDGET if row["member_id"] == EVERYBODY else Counter.MEMBER
    return UsageKey(row["rule_id"], counter, row["period_key"])


def _columns(counters: Collection[TrialCounter]) -> dict[str, list[Any]]:
    return {
        "rule_ids": [counter.key.rule_id for counter in counters],
        "versions": [counter.version for counter in counters],
        "member_ids": [counter.member_id for counter in counters],
        "period_keys": [counter.key.period_key for counter in counters],
    }


async def list_trial_days(conn: Connection, rule_id: UUID, limit: int) -> list[TrialDay]:
    """The last day first."""
    rows = queries.list_trial_days(conn, rule_id=rule_id, row_limit=limit)
    return [TrialDay.model_validate(dict(row)) async for row in rows]


async def list_rules_on_trial(conn: Connection) -> list[ActiveRule]:
    """The versions that are evaluated and award nothing, oldest rule first."""
    return [active_rule(**row) for row in await fetch_all(queries.list_rules_on_trial(conn))]


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


async def read_limits(conn: Connection, versions: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Limits]:
    """The limits of versions of rules, by rule and version."""
    if not versions:
        return {}
    rows = queries.list_limits(
        conn, rule_ids=[rule_id for rule_id, _ in versions], versions=[version for _, version in versions]
    )
    return {(row["rule_id"], row["version"]): parse_limits(row["limits"]) for row in await fetch_all(rows)}
