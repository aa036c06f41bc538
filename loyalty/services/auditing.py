"""The audit log: every change an operator, a merchant or the system makes, in the transaction that makes it.

Secrets never get here: services audit what the API shows of an object, which has neither passwords nor hashes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from loyalty.clock import IdSource, new_id
from loyalty.store import audit
from loyalty.store.database import Connection
from schemas.admin.access import AuditEntry

ActorKind = Literal["admin", "merchant", "member", "operator", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and the request it came in. `id` is an admin's or merchant's id, or a command's name."""

    kind: ActorKind
    id: str
    request_id: str | None = None
    address: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to what: `action` is the subject's kind and a verb in the past tense, "merchant.created".

    `before` is None for what was created, `after` for what is gone; of two states only the fields that differ are kept.
    """

    action: str
    subject_kind: str
    subject_id: str
    before: BaseModel | None = None
    after: BaseModel | None = None


async def record_change(
    conn: Connection, change: Change, actor: Actor, at: datetime, make_id: IdSource = new_id
) -> None:
    """Writes the change into the audit log."""
    before, after = _differences(_shown(change.before), _shown(change.after))
    entry = AuditEntry(
        audit_id=make_id(),
        at=at,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=change.action,
        subject_kind=change.subject_kind,
        subject_id=change.subject_id,
        before=before,
        after=after,
        request_id=actor.request_id,
        address=actor.address,
    )
    await audit.insert_entry(conn, entry)


def _shown(state: BaseModel | None) -> dict[str, Any] | None:
    return None if state is None else state.model_dump(mode="json")


def _differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if before is None or after is None:
        return (None if before is None else dict(before)), (None if after is None else dict(after))
    differing = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in differing}, {name: after.get(name) for name in differing}
