"""The history checker: from what writers did, the log and the topics it tells what went wrong.

Three witnesses are compared, and each may convict another:

- the *writers* know of each event whether its COMMIT was answered (acknowledged), whether it was undone (rolled back,
  alone or with its transaction), or neither, since the connection broke between the COMMIT and its answer (unknown:
  may be there or not, but all of its transaction alike);
- the *log* is what PostgreSQL holds in the end: an event whose row is there was committed;
- the *topics* are what consumers see.

Numbers count each key's events in the order in which their transactions held the key's lock, so the committed events
of a key have rising numbers. A first delivery is told from later ones: order is a promise about first deliveries, and
later ones are duplicates, which do more harm when they set a key back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from uuid import UUID

CLOCK_STEP_SECONDS = 0.002
"""Kafka's timestamps are whole milliseconds."""


class Fate(Enum):
    """What a writer knows of an event it appended."""

    ACKNOWLEDGED = "acknowledged"
    ROLLED_BACK = "rolled back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer appended. commit_asked_at: when it asked for the commit, by this machine's clock."""

    event_id: UUID
    topic: str
    key: str
    number: int
    transaction: int
    fate: Fate
    commit_asked_at: float
    padding_bytes: int = 0

    @property
    def payload(self) -> bytes:
        return payload_of(self.number, self.padding_bytes)


def payload_of(number: int, padding_bytes: int = 0) -> bytes:
    """What an event of a campaign says: its number, and as much of nothing behind it as its size needs."""
    return b"%d%s" % (number, b" " * padding_bytes)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record in a topic."""

    event_id: UUID
    topic: str
    key: str
    payload: bytes
    partition: int
    offset: int
    produced_at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Event ids by what happened to them. Clean is: every list is empty.

    vanished: its COMMIT was answered, but the log has no row. halved: some of its transaction is in the log, some not.
    undone: rolled back, and yet in the log or delivered. lost: in the log, never delivered. phantom: delivered without
    a row, and nobody says that it was rolled back. reordered: first delivered after a later event of its key, or
    elsewhere than its key. duplicated: delivered more than once. regressed: delivered again after a later event of its
    key. premature: produced before its writer asked for the commit. altered: not what was written.
    """

    vanished: tuple[UUID, ...] = ()
    halved: tuple[UUID, ...] = ()
    undone: tuple[UUID, ...] = ()
    lost: tuple[UUID, ...] = ()
    phantom: tuple[UUID, ...] = ()
    reordered: tuple[UUID, ...] = ()
    duplicated: tuple[UUID, ...] = ()
    regressed: tuple[UUID, ...] = ()
    premature: tuple[UUID, ...] = ()
    altered: tuple[UUID, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many events each fault has."""
        return {field.name: len(getattr(self, field.name)) for field in fields(self)}

    def faults(self) -> frozenset[str]:
        """The faults that were found."""
        return frozenset(name for name, count in self.counts().items() if count)

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in self.counts().items())


def judge(written: Iterable[Written], logged: Iterable[UUID], deliveries: Iterable[Delivery]) -> Verdict:
    """Compare what writers know, what the log holds, and what was delivered."""
    by_id = {event.event_id: event for event in written}
    log = frozenset(logged)
    in_order = sorted(deliveries, key=lambda delivery: (delivery.topic, delivery.partition, delivery.offset))
    times = Counter(delivery.event_id for delivery in in_order)
    rolled_back = {id_ for id_, event in by_id.items() if event.fate is Fate.ROLLED_BACK}
    reordered, regressed = _out_of_order(in_order, {id_: by_id[id_] for id_ in log & by_id.keys()})
    return Verdict(
        vanished=tuple(id_ for id_, event in by_id.items() if event.fate is Fate.ACKNOWLEDGED and id_ not in log),
        halved=tuple(_halved(by_id.values(), log)),
        undone=tuple((log | times.keys()) & rolled_back),
        lost=tuple(log - times.keys()),
        phantom=tuple(times.keys() - log - rolled_back),
        reordered=reordered,
        duplicated=tuple(id_ for id_, count in times.items() if count > 1),
        regressed=regressed,
        premature=tuple(dict.fromkeys(_premature(in_order, by_id))),
        altered=tuple(dict.fromkeys(_altered(in_order, by_id))),
    )


def _halved(written: Iterable[Written], log: frozenset[UUID]) -> Iterable[UUID]:
    transactions: dict[int, list[UUID]] = defaultdict(list)
    for event in written:
        if event.fate is not Fate.ROLLED_BACK:
            transactions[event.transaction].append(event.event_id)
    for ids in transactions.values():
        missing = [id_ for id_ in ids if id_ not in log]
        if 0 < len(missing) < len(ids):
            yield from missing


def _out_of_order(
    deliveries: Sequence[Delivery], committed: Mapping[UUID, Written]
) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """The first deliveries that are out of order, and the later ones that set their key back."""
    latest: dict[tuple[str, str], int] = {}
    home: dict[tuple[str, str], int] = {}
    seen: set[UUID] = set()
    reordered: dict[UUID, None] = {}
    regressed: dict[UUID, None] = {}
    for delivery in deliveries:
        event = committed.get(delivery.event_id)
        if event is None:
            continue
        at = delivery.topic, event.key
        behind = event.number < latest.get(at, 0)
        elsewhere = home.setdefault(at, delivery.partition) != delivery.partition
        if event.event_id in seen:
            if behind:
                regressed[event.event_id] = None
        elif behind or elsewhere:
            reordered[event.event_id] = None
        seen.add(event.event_id)
        latest[at] = max(event.number, latest.get(at, 0))
    return tuple(reordered), tuple(regressed)


def _premature(deliveries: Sequence[Delivery], by_id: Mapping[UUID, Written]) -> Iterable[UUID]:
    for delivery in deliveries:
        event = by_id.get(delivery.event_id)
        if event is not None and delivery.produced_at < event.commit_asked_at - CLOCK_STEP_SECONDS:
            yield delivery.event_id


def _altered(deliveries: Sequence[Delivery], by_id: Mapping[UUID, Written]) -> Iterable[UUID]:
    for delivery in deliveries:
        event = by_id.get(delivery.event_id)
        if event is None:
            continue
        if (delivery.topic, delivery.key, delivery.payload) != (event.topic, event.key, event.payload):
            yield delivery.event_id
