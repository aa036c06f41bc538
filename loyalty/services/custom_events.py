"""Custom events: their types, and the one way in.

As with purchases: the wallet is locked first and event.recorded emitted last, and a merchant's external id is recorded
once. An event fits its type when it comes; a type never changes.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_never
from uuid import UUID

import orjson

from loyalty.clock import Clock, IdSource, new_id
from loyalty.domain.rules.definition import RuleDefinition, Trigger
from loyalty.errors import Conflict, Invalid, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.events import emit, outgoing
from loyalty.services.merchant_sales import member_id_of
from loyalty.services.recording import EARLIEST, FUTURE_SKEW, ExternalIdReused
from loyalty.store import custom_events as store
from loyalty.store.custom_events import StoredEvent
from loyalty.store.database import Connection
from loyalty.store.ledger import lock_wallets
from loyalty.store.members import check_active
from outbox import NewEvent
from schemas.admin.custom_events import CustomEvent, EventField, EventType, NewCustomEvent, NewEventType
from schemas.events import EventRecorded

MAX_NUMBER = 10**9
MAX_DECIMALS = 4
MAX_TEXT_CHARACTERS = 200
OWN_EVENTS = "referral."
UNKNOWN_TYPE = ("/event_type", "There is no such type of events")


class EventTypeExists(Conflict):
    """There is a type of events with this code."""

    code = "event_type_exists"
    members = having(event_type=str)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """The event, and whether it was recorded now or had been before."""

    event: CustomEvent
    created: bool


async def define_event_type(conn: Connection, command: NewEventType, actor: Actor, clock: Clock) -> EventType:
    """Raises EventTypeExists."""
    made = EventType(code=command.code, name=command.name, fields=command.fields, created_at=clock())
    if not await store.insert_type(conn, made):
        raise EventTypeExists(event_type=command.code)
    await record_change(conn, Change("event_type.created", "event_type", made.code, None, made), actor, made.created_at)
    return made


async def record_event(
    conn: Connection,
    merchant_id: UUID,
    command: NewCustomEvent,
    actor: Actor,
    clock: Clock,
    make_id: IdSource = new_id,
) -> RecordedEvent:
    """Raises Invalid with a pointer for each thing wrong, ExternalIdReused, MemberInactive."""
    member_id, at = await member_id_of(conn, command.member_id, command.member_external_id), clock()
    await _check(conn, command, at)
    wallets = await lock_wallets(conn, [member_id])
    check_active(wallets[member_id].status)
    event = _draft(merchant_id, member_id, command, at, make_id())
    if not await store.insert(conn, event):
        return await _recorded_before(conn, event)
    shown = _show(event)
    await record_change(conn, Change("event.recorded", "event", str(event.event_id), None, shown), actor, at)
    await emit(conn, [event_recorded(event, actor.traceparent)])
    return RecordedEvent(shown, created=True)


def event_recorded(event: StoredEvent, traceparent: str | None) -> NewEvent:
    """The event that tells of one: its id is the event's own, however often it is told."""
    told = EventRecorded(
        member_id=event.member_id,
        event_id=event.event_id,
        merchant_id=event.merchant_id,
        event_type=event.event_type,
        external_id=event.external_id,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        fields=dict(event.fields),
    )
    return outgoing(told, event_id=event.event_id, occurred_at=event.recorded_at, traceparent=traceparent)


async def check_event_type(conn: Connection, rule: RuleDefinition) -> None:
    """Raises Invalid for a rule that is for events of no type there is, or asks for a field that they do not have."""
    if rule.trigger is not Trigger.EVENT_RECORDED or rule.event_type is None:
        return
    event_type = await store.find_type(conn, rule.event_type)
    if event_type is None:
        raise Invalid([UNKNOWN_TYPE])
    known = {f"fields.{field.name}" for field in event_type.fields}
    errors = [
        (f"/conditions/{place}/field", f"Events of this type have no {condition.field.value}")
        for place, condition in enumerate(rule.conditions)
        if condition.field.value.startswith("fields.") and condition.field.value not in known
    ]
    if errors:
        raise Invalid(errors)


async def wrong_in_event(conn: Connection, code: str, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What does not fit the type of an event, by its place in the event."""
    event_type = await store.find_type(conn, code)
    return [UNKNOWN_TYPE] if event_type is None else list(_wrong_fields(event_type.fields, fields))


async def _check(conn: Connection, command: NewCustomEvent, at: datetime) -> None:
    if command.event_type.startswith(OWN_EVENTS):
        raise Invalid([UNKNOWN_TYPE])
    errors = await wrong_in_event(conn, command.event_type, command.fields)
    if command.occurred_at is not None and not EARLIEST <= command.occurred_at <= at + FUTURE_SKEW:
        errors.append(("/occurred_at", "An event occurs neither in the future nor before 1970"))
    if errors:
        raise Invalid(errors)


def _wrong_fields(known: list[EventField], given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in known:
        if field.name in given:
            if not _fits(field, given[field.name]):
                yield f"/fields/{field.name}", f"This is no {field.type} that an event may have"
        elif field.required:
            yield f"/fields/{field.name}", "is missing"
    for name in given.keys() - {field.name for field in known}:
        yield f"/fields/{name}", "is not known to this type of events"


def _fits(field: EventField, value: object) -> bool:
    match field.type:
        case "boolean":
            return isinstance(value, bool)
        case "text":
            return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARACTERS and "\0" not in value
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_NUMBER:
                return False
            scaled = Decimal(str(value)).scaleb(MAX_DECIMALS)
            return scaled == scaled.to_integral_value()
    assert_never(field.type)


def _draft(merchant_id: UUID, member_id: UUID, command: NewCustomEvent, at: datetime, event_id: UUID) -> StoredEvent:
    occurred_at = command.occurred_at and command.occurred_at.astimezone(UTC)
    content = [
        str(member_id),
        command.event_type,
        occurred_at and occurred_at.isoformat(),
        sorted(command.fields.items()),
    ]
    return StoredEvent(
        event_id=event_id,
        member_id=member_id,
        merchant_id=merchant_id,
        event_type=command.event_type,
        external_id=command.external_id,
        occurred_at=occurred_at or at,
        recorded_at=at,
        fields=command.fields,
        content_hash=hashlib.sha256(orjson.dumps(content)).digest(),
    )


async def _recorded_before(conn: Connection, event: StoredEvent) -> RecordedEvent:
    assert event.external_id is not None, "without an external id there is no conflict"
    first = await store.get_by_external_id(conn, event.merchant_id, event.external_id)
    if first.content_hash != event.content_hash:
        raise ExternalIdReused(external_id=event.external_id)
    return RecordedEvent(_show(first), created=False)


def _show(event: StoredEvent) -> CustomEvent:
    return CustomEvent(
        event_id=event.event_id,
        event_type=event.event_type,
        member_id=event.member_id,
        merchant_id=event.merchant_id,
        external_id=event.external_id,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        fields=dict(event.fields),
        status="recorded" if event.points_awarded is None else "awarded",
        points_awarded=event.points_awarded,
    )
