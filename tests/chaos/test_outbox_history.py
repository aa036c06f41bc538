"""The checker finds what is wrong in histories that are broken on purpose, and nothing in those that are not.

Hypothesis makes valid histories (several topics, keys and partitions, transactions of several events, savepoints
undone, answers lost) and breaks them in ways that each name the faults to be found: those and no others.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID
from zlib import crc32

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.chaos.outbox_history import Delivery, Fate, Verdict, Written, judge
from tests.support.campaigns import sized

TOPICS = ("earned", "redeemed")
KEYS = ("anna", "ben", "cleo")
PARTITIONS = 2
LATENCY_SECONDS = 0.5
AFTER_ALL_SECONDS = 10_000.0
UNHEARD_OF = 1_000_000
"""Above all numbers of events that are written."""


@dataclass(slots=True)
class History:
    """What writers, log and topics say. `broken` holds the events that a fault was put into already."""

    written: list[Written] = field(default_factory=list)
    log: set[UUID] = field(default_factory=set)
    deliveries: list[Delivery] = field(default_factory=list)
    broken: set[UUID] = field(default_factory=set)

    def verdict(self) -> Verdict:
        return judge(self.written, self.log, self.deliveries)

    def whole(self) -> list[Delivery]:
        """Deliveries of events that are as they should be."""
        return [delivery for delivery in self.deliveries if delivery.event_id not in self.broken]

    def leave_alone_what_is_broken(self) -> None:
        """Count all events of a key with a fault as broken: another fault there might hide the first."""
        keys = {(event.topic, event.key) for event in self.written if event.event_id in self.broken}
        self.broken |= {event.event_id for event in self.written if (event.topic, event.key) in keys}

    def end_of(self, delivery: Delivery) -> int:
        """The next offset of a delivery's partition."""
        return 1 + max(d.offset for d in self.deliveries if partition(d) == partition(delivery))

    def successors(self, delivery: Delivery) -> list[Delivery]:
        """First deliveries of the same key in the same topic that come after it."""
        return [
            other
            for other in self.whole()
            if (other.topic, other.key) == (delivery.topic, delivery.key) and other.offset > delivery.offset
        ]


def partition(delivery: Delivery) -> tuple[str, int]:
    return delivery.topic, delivery.partition


def home(key: str) -> int:
    return crc32(key.encode()) % PARTITIONS


def event_id(number: int) -> UUID:
    return UUID(int=number)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A valid one: committed transactions are delivered once, whole, in order of their commits, after them."""
    history, ids = History(), itertools.count(1)
    numbers: dict[str, int] = defaultdict(int)
    offsets: dict[tuple[str, int], int] = defaultdict(int)
    for transaction in range(draw(st.integers(1, 12))):
        fate = draw(st.sampled_from([Fate.ACKNOWLEDGED, Fate.ACKNOWLEDGED, Fate.ROLLED_BACK, Fate.UNKNOWN]))
        commits = fate is Fate.ACKNOWLEDGED or (fate is Fate.UNKNOWN and draw(st.booleans()))
        before = dict(numbers)
        for topic, key in draw(st.lists(st.tuples(st.sampled_from(TOPICS), st.sampled_from(KEYS)), min_size=1)):
            undone = draw(st.integers(0, 5)) == 0
            own = Fate.ROLLED_BACK if undone else fate
            event = Written(event_id(next(ids)), topic, key, numbers[key] + 1, transaction, own, float(transaction))
            history.written.append(event)
            if not undone:
                numbers[key] += 1
            if commits and not undone:
                history.log.add(event.event_id)
                history.deliveries.append(delivered(event, offsets[topic, home(key)]))
                offsets[topic, home(key)] += 1
        if not commits:
            numbers = defaultdict(int, before)
    return history


def delivered(event: Written, offset: int) -> Delivery:
    at = event.commit_asked_at + LATENCY_SECONDS
    return Delivery(event.event_id, event.topic, event.key, event.payload, home(event.key), offset, at)


def lose(history: History, draw: st.DrawFn) -> frozenset[str]:
    """A record is missing."""
    gone = draw(st.sampled_from(history.whole()))
    history.deliveries.remove(gone)
    history.broken.add(gone.event_id)
    return frozenset({"lost"})


def repeat(history: History, draw: st.DrawFn) -> frozenset[str]:
    """A record comes again, at the end: behind later ones of its key, if there are any."""
    chosen = draw(st.sampled_from(history.whole()))
    set_back = any(
        number_of(history, other) > number_of(history, chosen)
        for other in history.whole()
        if (other.topic, other.key) == (chosen.topic, chosen.key)
    )
    history.deliveries.append(replace(chosen, offset=history.end_of(chosen), produced_at=AFTER_ALL_SECONDS))
    history.broken.add(chosen.event_id)
    return frozenset({"duplicated", "regressed"}) if set_back else frozenset({"duplicated"})


def number_of(history: History, delivery: Delivery) -> int:
    return next(event.number for event in history.written if event.event_id == delivery.event_id)


def swap(history: History, draw: st.DrawFn) -> frozenset[str]:
    """Two records of a key change places."""
    pairs = [(one, other) for one in history.whole() for other in history.successors(one)]
    assume(pairs)
    one, other = draw(st.sampled_from(pairs))
    for delivery, offset in ((one, other.offset), (other, one.offset)):
        history.deliveries.remove(delivery)
        history.deliveries.append(replace(delivery, offset=offset, produced_at=AFTER_ALL_SECONDS))
        history.broken.add(delivery.event_id)
    return frozenset({"reordered"})


def stray(history: History, draw: st.DrawFn) -> frozenset[str]:
    """A record goes to another partition than those before it of its key."""
    behind = [d for d in history.whole() if any(d in history.successors(other) for other in history.whole())]
    assume(behind)
    chosen = draw(st.sampled_from(behind))
    history.deliveries.remove(chosen)
    history.deliveries.append(replace(chosen, partition=PARTITIONS, offset=chosen.offset))
    history.broken.add(chosen.event_id)
    return frozenset({"reordered"})


def invent(history: History, draw: st.DrawFn) -> frozenset[str]:
    """A record that nobody wrote."""
    chosen = draw(st.sampled_from(history.whole()))
    unheard_of = event_id(UNHEARD_OF + len(history.broken))
    history.deliveries.append(replace(chosen, event_id=unheard_of, offset=history.end_of(chosen)))
    history.broken.add(unheard_of)
    return frozenset({"phantom"})


def deliver_what_is_not_there(history: History, draw: st.DrawFn) -> frozenset[str]:
    """A record of an event that has no row: undone if its writer rolled it back, else of nobody's."""
    absent = [e for e in history.written if e.event_id not in history.log and e.event_id not in history.broken]
    assume(absent)
    event = draw(st.sampled_from(absent))
    end = 1 + max((d.offset for d in history.deliveries), default=0)
    asked_at = min(event.commit_asked_at, AFTER_ALL_SECONDS)
    history.deliveries.append(replace(delivered(event, end), produced_at=asked_at + 1))
    history.broken.add(event.event_id)
    return frozenset({"undone" if event.fate is Fate.ROLLED_BACK else "phantom"})


def hurry(history: History, draw: st.DrawFn) -> frozenset[str]:
    """A record from before its commit."""
    chosen = draw(st.sampled_from(history.whole()))
    history.deliveries.remove(chosen)
    early = chosen.produced_at - LATENCY_SECONDS - draw(st.floats(0.003, 100))
    history.deliveries.append(replace(chosen, produced_at=early))
    history.broken.add(chosen.event_id)
    return frozenset({"premature"})


def alter(history: History, draw: st.DrawFn) -> frozenset[str]:
    """A record says something else than what was written."""
    chosen = draw(st.sampled_from(history.whole()))
    other = draw(st.sampled_from([{"payload": b"x"}, {"key": "somebody else"}]))
    history.deliveries.remove(chosen)
    history.deliveries.append(replace(chosen, **other))  # type: ignore[arg-type]
    history.broken.add(chosen.event_id)
    return frozenset({"altered"})


def vanish(history: History, draw: st.DrawFn) -> frozenset[str]:
    """The whole of a transaction whose COMMIT was answered is not there."""
    whole = {d.event_id for d in history.whole()}
    events = [e for e in history.written if e.fate is Fate.ACKNOWLEDGED]
    kept = {e.transaction for e in events if e.event_id not in whole}
    acknowledged = sorted({e.transaction for e in events} - kept)
    assume(acknowledged)
    transaction = draw(st.sampled_from(acknowledged))
    remove(history, [e for e in events if e.transaction == transaction])
    return frozenset({"vanished"})


def halve(history: History, draw: st.DrawFn) -> frozenset[str]:
    """One event of a larger transaction is not there."""
    whole = {d.event_id for d in history.whole()}
    mates: dict[int, list[Written]] = defaultdict(list)
    for event in history.written:
        if event.event_id in whole:
            mates[event.transaction].append(event)
    larger = [events for events in mates.values() if len(events) > 1]
    assume(larger)
    event = draw(st.sampled_from(draw(st.sampled_from(larger))))
    remove(history, [event])
    history.broken |= {mate.event_id for mate in mates[event.transaction]}
    return frozenset({"halved", "vanished"}) if event.fate is Fate.ACKNOWLEDGED else frozenset({"halved"})


def remove(history: History, events: list[Written]) -> None:
    ids = {event.event_id for event in events}
    history.log -= ids
    history.deliveries = [d for d in history.deliveries if d.event_id not in ids]
    history.broken |= ids


def resurrect(history: History, draw: st.DrawFn) -> frozenset[str]:
    """An event that was rolled back is in the log, and not delivered."""
    gone = [
        e
        for e in history.written
        if e.fate is Fate.ROLLED_BACK and e.event_id not in history.broken and e.event_id not in history.log
    ]
    assume(gone)
    event = draw(st.sampled_from(gone))
    history.log.add(event.event_id)
    history.broken.add(event.event_id)
    return frozenset({"undone", "lost"})


Mutation = Callable[[History, st.DrawFn], frozenset[str]]

MUTATIONS: tuple[Mutation, ...] = (
    lose, repeat, swap, stray, invent, deliver_what_is_not_there, hurry, alter, vanish, halve, resurrect,
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, *mutations: Mutation) -> tuple[History, frozenset[str]]:
    """A valid history with these faults put in, and what is to be found."""
    history = draw(histories())
    faults: frozenset[str] = frozenset()
    for mutation in mutations:
        assume(history.whole())
        faults |= mutation(history, draw)
        history.leave_alone_what_is_broken()
    return history, faults


@settings(max_examples=sized(40, 500))
@given(histories())
def test_a_valid_history_is_clean(history: History) -> None:
    assert history.verdict() == Verdict()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@settings(max_examples=sized(12, 150))
@given(st.data())
def test_what_is_broken_in_one_way_is_found_and_nothing_else(mutation: Mutation, data: st.DataObject) -> None:
    history, faults = data.draw(broken(mutation))
    verdict = history.verdict()
    assert verdict.faults() == faults, str(verdict)


@settings(max_examples=sized(40, 500))
@given(st.data())
def test_what_is_broken_in_several_ways_is_found(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(MUTATIONS), min_size=2, max_size=4))
    history, faults = data.draw(broken(*chosen))
    verdict = history.verdict()
    assert verdict.faults() == faults, str(verdict)


def test_a_duplicate_that_sets_nothing_back_is_told_from_one_that_does() -> None:
    history = three_of_anna()
    second = history.deliveries[1]
    history.deliveries[2] = replace(history.deliveries[2], offset=3)
    history.deliveries.append(replace(second, offset=2))
    assert history.verdict() == Verdict(duplicated=(second.event_id,))
    history.deliveries.append(replace(second, offset=4))
    assert history.verdict() == Verdict(duplicated=(second.event_id,), regressed=(second.event_id,))


def test_order_is_judged_by_first_deliveries() -> None:
    """3 came before 2, whatever came later."""
    history = three_of_anna()
    first, second, third = history.deliveries
    history.deliveries = [
        replace(delivery, offset=offset) for offset, delivery in enumerate([first, third, second, third, second])
    ]
    found = history.verdict()
    assert (found.reordered, found.regressed) == ((second.event_id,), (second.event_id,))


def test_a_commit_whose_answer_was_lost_may_have_happened_or_not() -> None:
    history = three_of_anna(Fate.UNKNOWN)
    assert history.verdict() == Verdict()
    remove(history, history.written)
    assert history.verdict() == Verdict()


def test_every_fault_can_be_told_and_is_counted_by_name() -> None:
    ids = (event_id(1),)
    for name in Verdict.__slots__:
        verdict = Verdict(**{name: ids})
        assert verdict.faults() == frozenset({name})
        assert verdict.counts()[name] == 1
        assert f"{name} 1" in str(verdict)


def three_of_anna(fate: Fate = Fate.ACKNOWLEDGED) -> History:
    written = [Written(event_id(n), TOPICS[0], "anna", n, 0, fate, 0.0) for n in (1, 2, 3)]
    deliveries = [delivered(event, offset) for offset, event in enumerate(written)]
    return History(written, {event.event_id for event in written}, deliveries)
