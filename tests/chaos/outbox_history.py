"""The history checker: from what writers did and what is in the topics it tells what went wrong.

What counts as truth is the log itself: an event whose row is there was committed. Numbers count each key's events in
the order in which their transactions held the key's lock, so committed events of a key have rising numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

CLOCK_STEP_SECONDS = 0.002
"""Kafka's timestamps are whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer appended. commit_asked_at: when it asked for the commit, by this machine's clock."""

    event_id: UUID
    key: str
    number: int
    commit_asked_at: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record in a topic."""

    event_id: UUID
    key: str
    partition: int
    offset: int
    produced_at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Event ids by what happened to them. Clean is: every list is empty."""

    lost: tuple[UUID, ...] = ()
    duplicated: tuple[UUID, ...] = ()
    reordered: tuple[UUID, ...] = ()
    phantom: tuple[UUID, ...] = ()
    premature: tuple[UUID, ...] = ()

    def __str__(self) -> str:
        return ", ".join(f"{name} {len(getattr(self, name))}" for name in Verdict.__slots__)


def judge(written: Iterable[Written], committed: Iterable[UUID], deliveries: Iterable[Delivery]) -> Verdict:
    """Compare what was written and committed with what was delivered.

    lost: committed, never delivered. duplicated: delivered more than once. reordered: first delivered after a later
    event of its key, or in another partition than the key's. phantom: delivered though never committed. premature:
    produced before its writer asked for the commit.
    """
    by_id = {event.event_id: event for event in written}
    truth = set(committed)
    in_order = sorted(deliveries, key=lambda delivery: (delivery.partition, delivery.offset))
    times = Counter(delivery.event_id for delivery in in_order)
    return Verdict(
        lost=tuple(truth - times.keys()),
        duplicated=tuple(event_id for event_id, count in times.items() if count > 1),
        reordered=tuple(_reordered(in_order, by_id)),
        phantom=tuple(times.keys() - truth),
        premature=tuple(_premature(in_order, by_id)),
    )


def _reordered(deliveries: Sequence[Delivery], by_id: Mapping[UUID, Written]) -> Iterable[UUID]:
    latest: dict[str, int] = {}
    partition_of: dict[str, int] = {}
    seen: set[UUID] = set()
    for delivery in deliveries:
        event = by_id.get(delivery.event_id)
        if event is None or delivery.event_id in seen:
            continue
        seen.add(delivery.event_id)
        out_of_order = event.number <= latest.get(event.key, 0)
        elsewhere = partition_of.setdefault(event.key, delivery.partition) != delivery.partition
        if out_of_order or elsewhere or delivery.key != event.key:
            yield delivery.event_id
        latest[event.key] = max(event.number, latest.get(event.key, 0))


def _premature(deliveries: Sequence[Delivery], by_id: Mapping[UUID, Written]) -> Iterable[UUID]:
    for delivery in deliveries:
        event = by_id.get(delivery.event_id)
        if event is not None and delivery.produced_at < event.commit_asked_at - CLOCK_STEP_SECONDS:
            yield delivery.event_id
