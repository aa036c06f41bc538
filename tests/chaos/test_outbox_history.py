"""The checker finds what is wrong in histories that are broken on purpose, and nothing in those that are not."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.outbox_history import Delivery, Verdict, Written, judge

KEYS = 3
EVENTS = 30


def history() -> tuple[list[Written], list[Delivery]]:
    """A good one: EVENTS events of KEYS keys, each delivered once, a second after its commit."""
    written = [Written(uuid.uuid4(), f"k{n % KEYS}", n // KEYS + 1, float(n)) for n in range(EVENTS)]
    delivered = [Delivery(e.event_id, e.key, n % KEYS, n // KEYS, n + 1.0) for n, e in enumerate(written)]
    return written, delivered


def verdict(written: list[Written], delivered: list[Delivery], committed: list[Written] | None = None) -> Verdict:
    return judge(written, [event.event_id for event in committed or written], delivered)


def test_a_good_history_is_clean() -> None:
    assert verdict(*history()) == Verdict()


@given(st.integers(0, EVENTS - 1))
def test_a_record_that_is_missing_is_lost(index: int) -> None:
    written, delivered = history()
    missing = delivered.pop(index)
    assert verdict(written, delivered) == Verdict(lost=(missing.event_id,))


@given(st.integers(0, EVENTS - 1), st.integers(10, 20))
def test_a_record_that_comes_again_later_is_duplicated_but_not_reordered(index: int, offset: int) -> None:
    written, delivered = history()
    again = replace(delivered[index], offset=offset)
    assert verdict(written, [*delivered, again]) == Verdict(duplicated=(again.event_id,))


@given(st.integers(0, EVENTS - KEYS - 1))
def test_two_records_of_a_key_that_change_places_are_reordered(index: int) -> None:
    written, delivered = history()
    first, second = delivered[index], delivered[index + KEYS]
    delivered[index] = replace(first, offset=second.offset)
    delivered[index + KEYS] = replace(second, offset=first.offset)
    found = verdict(written, [replace(d, produced_at=99.0) for d in delivered])
    assert found == Verdict(reordered=(first.event_id,))


def test_a_key_in_two_partitions_is_reordered() -> None:
    written, delivered = history()
    delivered[-1] = replace(delivered[-1], partition=KEYS + 1)
    assert verdict(written, delivered).reordered == (delivered[-1].event_id,)


@pytest.mark.parametrize("known", [True, False], ids=["rolled back", "never written"])
def test_a_record_without_a_committed_event_is_a_phantom(known: bool) -> None:
    written, delivered = history()
    stray = Written(uuid.uuid4(), "k0", 99, 0.0)
    record = Delivery(stray.event_id, "k0", 0, 99, 99.0)
    found = verdict([*written, stray] if known else written, [*delivered, record], committed=written)
    assert found == Verdict(phantom=(stray.event_id,))


def test_a_record_from_before_the_commit_is_premature() -> None:
    written, delivered = history()
    early = delivered[5] = replace(delivered[5], produced_at=written[5].commit_asked_at - 0.5)
    assert verdict(written, delivered) == Verdict(premature=(early.event_id,))


def test_several_faults_are_all_found() -> None:
    written, delivered = history()
    del delivered[0]
    delivered.append(replace(delivered[10], offset=50))
    found = verdict(written, delivered)
    assert (len(found.lost), len(found.duplicated), str(found)) == (
        1,
        1,
        "lost 1, duplicated 1, reordered 0, phantom 0, premature 0",
    )
