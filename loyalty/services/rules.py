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
from loyalty.errors import Invalid
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.store import program, rules
from loyalty.store.database import Connection
from schemas.admin.rules import ActivateRule, NewRule, Rule, RuleWithVersions
from schemas.events import RuleActivated


async def create_rule(
    conn: Connection, command: NewRule, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> RuleWithVersions:
    """A draft with its first version. Raises InvalidRule, which names everything wrong with the definition."""
    definition = parse_rule(command.root).to_json()
    rule_id, at = make_id(), clock()
    await rules.insert_rule(conn, rule_id, at)
    return await _add_version(conn, rule_id, 1, definition, "created", actor, at)


async def add_rule_version(
    conn: Connection, rule_id: UUID, command: NewRule, actor: Actor, clock: Clock
) -> RuleWithVersions:
    """The next version, not yet in force: activate it. Raises NotFound, InvalidRule."""
    definition = parse_rule(command.root).to_json()
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
    """Puts a version in force, in place of the one that was. Does nothing when it is in force already.

    Raises NotFound, and Invalid for a version that the rule does not have.
    """
    await program.lock_program(conn)
    before = await rules.lock_rule(conn, rule_id)
    version = command.version or before.latest_version
    if version > before.latest_version:
        raise Invalid([("/version", f"The rule's latest version is {before.latest_version}")])
    if version == before.active_version:
        return before
    at = clock()
    await rules.set_active(conn, rule_id, version, at)
    return await _in_force(conn, before, "active", actor, at, make_id)


async def retire_rule(conn: Connection, rule_id: UUID, actor: Actor, clock: Clock, make_id: IdSource = new_id) -> Rule:
    """Takes the rule out of force; it may be activated again. Retiring it twice does nothing. Raises NotFound."""
    await program.lock_program(conn)
    before = await rules.lock_rule(conn, rule_id)
    if before.status == "retired":
        return before
    at = clock()
    await rules.set_retired(conn, rule_id, at)
    if before.status == "active":
        return await _in_force(conn, before, "retired", actor, at, make_id)
    after = await rules.get_rule(conn, rule_id)
    await record_change(conn, _change("earning_rule.retired", before, after), actor, at)
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
    status: Literal["active", "retired"],
    actor: Actor,
    at: datetime,
    make_id: IdSource,
) -> Rule:
    """What follows when the rules in force have changed: their version, the audit log, the event."""
    ruleset_version = await program.raise_ruleset_version(conn)
    after = await rules.get_rule(conn, before.rule_id)
    verb = "activated" if status == "active" else "retired"
    await record_change(conn, _change(f"earning_rule.{verb}", before, after), actor, at)
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
