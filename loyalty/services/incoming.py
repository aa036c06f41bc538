"""What the worker's services take and give: decoded events with their identity, and what became of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from schemas.events import Event

E = TypeVar("E", bound=Event)


class Incoming(NamedTuple, Generic[E]):
    """An event as it came. Its id names it for ever: the inbox lets each id through once.

    The id of transaction.recorded is the transaction's, that of reward.redeemed the redemption's, so that an event that
    is appended again is the same event.
    """

    event_id: UUID
    body: E
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """How many events had an effect now (the others had it before), and whose wallets changed."""

    fresh_events: int
    changed_members: frozenset[UUID]


NOTHING_HANDLED = Handled(0, frozenset())


def first_of_each(events: Sequence[Incoming[E]], event_ids: Collection[UUID]) -> list[Incoming[E]]:
    """The events of these ids, each id once, in the order in which they came first."""
    found: dict[UUID, Incoming[E]] = {}
    for event in events:
        if event.event_id in event_ids:
            found.setdefault(event.event_id, event)
    return list(found.values())
