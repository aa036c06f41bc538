"""An operator's decision about a dead letter: send the event again, or leave it for good."""

from typing import Literal, assert_never
from uuid import UUID

from loyalty.clock import Clock
from loyalty.services import dead_letters
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import reports
from loyalty.store.database import Connection
from schemas.admin.pipeline import DeadLetter

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
