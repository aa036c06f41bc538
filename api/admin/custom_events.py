"""/event-types and /events: what members do that is no purchase."""

from api.admin.calls import actor_of
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Access, Answer, Call
from loyalty.services import custom_events as services
from loyalty.services.recording import ExternalIdReused
from loyalty.store import custom_events as store
from loyalty.store.members import MemberInactive
from schemas.admin.custom_events import CustomEvent, EventType, EventTypes, NewCustomEvent, NewEventType


async def list_event_types(call: Call[None, None]) -> Answer:
    return Answer(200, EventTypes(data=await store.list_types(call.conn)))


async def define_event_type(call: Call[NewEventType, None]) -> Answer:
    return Answer(201, await services.define_event_type(call.conn, call.body, actor_of(call), call.deps.clock))


async def record_event(call: Call[NewCustomEvent, None]) -> Answer:
    recorded = await services.record_event(
        call.conn, call.principal.id, call.body, actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(201 if recorded.created else 200, recorded.event)


ROUTES = tagged(
    "Custom events",
    read("/event-types", list_event_types, "List the types of custom events", EventTypes),
    change(
        "POST",
        "/event-types",
        define_event_type,
        "Define a type of custom events",
        ADMIN,
        NewEventType,
        {201: EventType},
        services.EventTypeExists,
    ),
    change(
        "POST",
        "/events",
        record_event,
        "Record what a member did, with a merchant's key",
        Access(scope="events:write"),
        NewCustomEvent,
        {201: CustomEvent, 200: CustomEvent},
        ExternalIdReused,
        MemberInactive,
        idempotent=True,
    ),
)
