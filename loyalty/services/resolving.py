"""An operator's decision about an event that cannot go on: try it again, or leave it for good.

A dead letter is an event that the worker could not handle; a parked key is one whose next event Kafka refused.
"""

from typing import Literal, assert_never
from uuid import UUID

from loyalty.clock import Clock
from loyalty.errors import NotFound
from loyalty.services import dead_letters
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import reports
from loyalty.store.database import Connection
from outbox import parking
from schemas.admin.pipeline import DeadLetter, ParkedKey, ParkedKeyName, ParkedKeyRequest, ParkedKeys

Decision = Literal["requeue", "skip"]


async def resolve_dead_letter(
    conn: Connection, dead_letter_id: UUID, decision: Decision, actor: Actor, clock: Clock
) -> DeadLetter:
    """Raises NotFound, DeadLetterResolved, and NotRequeueable for a record that is no event."""
    before = await reports.get_dead_letter(conn, dead_letter_id)
    match decision:
        case "requeue":
            await dead_letters.requeue(conn, dead_letter_id, clock)
        case "skip":
            await dead_letters.skip(conn, dead_letter_id, clock)
        case _:
            assert_never(decision)
    after = await reports.get_dead_letter(conn, dead_letter_id)
    change = Change(f"dead_letter.{after.resolution}", "dead_letter", str(dead_letter_id), before, after)
    await record_change(conn, change, actor, clock())
    return after


async def list_parked_keys(conn: Connection) -> ParkedKeys:
    """The keys that wait, the oldest first."""
    return ParkedKeys(data=[_shown(found) for found in await parking.list_parked(conn)])


async def resolve_parked_key(
    conn: Connection, command: ParkedKeyName, decision: Decision, actor: Actor, clock: Clock
) -> ParkedKeyRequest:
    """Asks the relay, which does it within moments: an event that is refused again parks its key again.

    Raises NotFound for a key that is not parked.
    """
    before = await parking.find_parked(conn, command.topic, command.key)
    ask = parking.requeue if decision == "requeue" else parking.skip
    if before is None or await ask(conn, command.topic, command.key) is None:
        raise NotFound("This key is not parked.")
    request = ParkedKeyRequest(topic=command.topic, key=command.key, requested=decision)
    change = Change(
        f"parked_key.{decision}_requested", "parked_key", f"{command.topic}/{command.key}", _shown(before), request
    )
    await record_change(conn, change, actor, clock())
    return request


def _shown(found: parking.ParkedKey) -> ParkedKey:
    return ParkedKey(
        topic=found.topic,
        key=found.key,
        waiting_rows=found.waiting_rows,
        parked_at=found.parked_at,
        error=found.error,
        attempts=found.attempts,
        requested=found.requested,
    )
