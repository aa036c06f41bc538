"""Earning rules: drafted, versioned, put in force, retired.

Whatever changes what a purchase earns takes the lock on the program's row and raises its ruleset_version: workers
compile the rules anew when they see a version they do not know, and the versions are in the order of the changes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.rules.parse import parse_rule
from loyalty.errors import Conflict, Invalid, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.custom_events import check_event_type
from loyalty.services.events import emit, outgoing
from loyalty.services.tending import Tended
from loyalty.store import program, rules
from loyalty.store.database import Connection
from schemas.admin.rules import ActivateRule, NewRule, Rule, RuleWithVersions, Trial, TryRule
from schemas.events import RuleActivated

SCHEDULE = Actor("system", "schedule")
DUE_RULES = 20
TRIAL_DAYS = 400


class RuleInForce(Conflict):
    """This rule is in force: to try another version of it, draft it as a rule of its own."""

    code = "rule_in_force"
    members = having(version=int)


async def create_rule(
    conn: Connection, command: NewRule, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> RuleWithVersions:
    """A draft with its first version. Raises InvalidRule, which names everything wrong with the definition."""
    definition = await _definition(conn, command)
    rule_id, at = make_id(), clock()
    await rules.insert_rule(conn, rule_id, at)
    return await _add_version(conn, rule_id, 1, definition, "created", actor, at)


async def add_rule_version(
    conn: Connection, rule_id: UUID, command: NewRule, actor: Actor, clock: Clock
) -> RuleWithVersions:
    """The next version, not yet in force: activate it. Raises NotFound, InvalidRule."""
    definition = await _definition(conn, command)
    latest = (await rules.lock_rule(conn, rule_id)).latest_version
    return await _add_version(conn, rule_id, latest + 1, definition, "version_added", actor, clock())


async def activate_rule(
    conn: Connection,
    rule_id: UUID,
    command: ActivateRule,
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
) -> Rule:
    """Puts a version in force, in place of the one that was, or plans to. Does nothing when it is in force already.

    Raises NotFound, and Invalid for a version that the rule does not have.
    """
    await program.lock_program(conn)
    before = await rules.lock_rule(conn, rule_id)
    version, at = _version_of(before, command.version), clock()
    if command.at is not None and command.at > at:
        return await _schedule(conn, before, version, command.at, actor, at)
    if version == before.active_version and before.status == "active":
        return await _schedule(conn, before, None, None, actor, at)
    await rules.set_active(conn, rule_id, version, at)
    return await _in_force(conn, before, "active", actor, at, make_id)


async def activate_due_rules(conn: Connection, clock: Clock, limit: int = DUE_RULES) -> Tended:
    """Puts in force what was planned for a time that has come: a step of timed work."""
    due = await rules.list_due(conn, clock(), limit)
    for rule_id, version in due:
        await activate_rule(conn, rule_id, ActivateRule(version=version), SCHEDULE, clock)
    return Tended(more=len(due) == limit)


async def try_rule(
    conn: Connection, rule_id: UUID, command: TryRule, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Rule:
    """Puts a version on trial: it is evaluated on every purchase and awards nothing.

    Raises NotFound, RuleInForce, and Invalid for a version that the rule does not have.
    """
    await program.lock_program(conn)
    before = await rules.lock_rule(conn, rule_id)
    version = _version_of(before, command.version)
    if before.status == "active":
        raise RuleInForce(version=before.active_version)
    if before.status == "shadow" and before.active_version == version:
        return before
    at = clock()
    await rules.set_on_trial(conn, rule_id, version, at)
    return await _in_force(conn, before, "shadow", actor, at, make_id)


async def get_trial(conn: Connection, rule_id: UUID) -> Trial:
    """What a rule that is or was on trial would have given. Raises NotFound."""
    rule = await rules.get_rule(conn, rule_id)
    days = await rules.list_trial_days(conn, rule_id, TRIAL_DAYS)
    return Trial(
        rule_id=rule.rule_id,
        purchases=sum(day.purchases for day in days),
        points=sum(day.points for day in days),
        days=days,
    )


async def retire_rule(conn: Connection, rule_id: UUID, actor: Actor, clock: Clock, make_id: IdSource = new_id) -> Rule:
    """Takes the rule out of force; it may be activated again. Retiring it twice does nothing. Raises NotFound."""
    await program.lock_program(conn)
    before = await rules.lock_rule(conn, rule_id)
    if before.status == "retired":
        return before
    at = clock()
    await rules.set_retired(conn, rule_id, at)
    if before.status in ("active", "shadow"):
        return await _in_force(conn, before, "retired", actor, at, make_id)
    after = await rules.get_rule(conn, rule_id)
    await record_change(conn, _change("earning_rule.retired", before, after), actor, at)
    return after


async def _definition(conn: Connection, command: NewRule) -> dict[str, Any]:
    rule = parse_rule(command.root)
    await check_event_type(conn, rule)
    return rule.to_json()


def _version_of(rule: Rule, wanted: int | None) -> int:
    if wanted is not None and wanted > rule.latest_version:
        raise Invalid([("/version", f"The rule's latest version is {rule.latest_version}")])
    return wanted or rule.latest_version


async def _schedule(
    conn: Connection, before: Rule, version: int | None, effective_at: datetime | None, actor: Actor, at: datetime
) -> Rule:
    if (before.scheduled_version, before.scheduled_at) == (version, effective_at):
        return before
    await rules.schedule(conn, before.rule_id, version, effective_at)
    after = await rules.get_rule(conn, before.rule_id)
    action = "earning_rule.scheduled" if version is not None else "earning_rule.unscheduled"
    await record_change(conn, _change(action, before, after), actor, at)
    return after


async def _add_version(
    conn: Connection,
    rule_id: UUID,
    version: int,
    definition: Mapping[str, Any],
    action: Literal["created", "version_added"],
    actor: Actor,
    at: datetime,
) -> RuleWithVersions:
    created_by = UUID(actor.id) if actor.kind == "admin" else None
    await rules.insert_version(conn, rule_id, version, definition, at, created_by)
    after = await rules.get_rule_with_versions(conn, rule_id)
    added = Change(f"earning_rule.{action}", "earning_rule", str(rule_id), None, after.versions[0])
    await record_change(conn, added, actor, at)
    return after


async def _in_force(
    conn: Connection,
    before: Rule,
    status: Literal["active", "shadow", "retired"],
    actor: Actor,
    at: datetime,
    make_id: IdSource,
) -> Rule:
    """What follows when the rules in force have changed: their version, the audit log, the event."""
    ruleset_version = await program.raise_ruleset_version(conn)
    after = await rules.get_rule(conn, before.rule_id)
    verb = {"active": "activated", "shadow": "tried", "retired": "retired"}[status]
    await record_change(conn, _change(f"earning_rule.{verb}", before, after), actor, at)
    if status == "shadow":
        return after
    event = RuleActivated(
        rule_id=before.rule_id,
        version=after.active_version,
        status=status,
        ruleset_version=ruleset_version,
        changed_at=at,
    )
    await emit(conn, [outgoing(event, event_id=make_id(), occurred_at=at, traceparent=actor.traceparent)])
    return after


def _change(action: str, before: Rule | None, after: Rule) -> Change:
    return Change(action, "earning_rule", str(after.rule_id), before, after)
