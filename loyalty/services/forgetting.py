"""Forgetting what the inbox need not remember any more, a bounded number of events at a time.

The inbox keeps an event from having its effect twice for as long as it may come again: while Kafka keeps its topics and
the outbox its events. Awards, decisions and journal entries are looked at as well, and for ever, so an event that comes
after it was forgotten still has no second effect.

Event ids are UUIDv7, so the oldest are the first of the primary key and no index by time is needed. An id made from a
place in Kafka (records/id_by_place) is not: the few of these stay.
"""

from collections.abc import Iterable
from datetime import timedelta

from loyalty.clock import Clock, first_id_at
from loyalty.store import inbox
from loyalty.store.database import Connection

BATCH_EVENTS = 5_000


async def forget_handled(
    conn: Connection, consumers: Iterable[str], keep: timedelta, clock: Clock, batch_events: int = BATCH_EVENTS
) -> bool:
    """Forgets some of what these consumers handled longer than `keep` ago; whether there may be more."""
    before = clock() - keep
    forgotten = [
        await inbox.forget_old(conn, consumer, before, first_id_at(before), batch_events) for consumer in consumers
    ]
    return any(events == batch_events for events in forgotten)
