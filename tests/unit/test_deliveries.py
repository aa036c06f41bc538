"""The examiner of deliveries finds each fault in a history that was broken on purpose."""

from __future__ import annotations

from tests.support.deliveries import Delivery, examine

WRITTEN = {1: ("earned", "a"), 2: ("earned", "b"), 3: ("earned", "a"), 4: ("done", "a")}


def _delivered(*sequences: int, partition: int = 0) -> list[Delivery]:
    return [Delivery(*_place(sequence, partition), sequence) for sequence in sequences]


def _place(sequence: int, partition: int) -> tuple[str, int, str]:
    topic, key = WRITTEN[sequence]
    return topic, partition, key


def test_a_good_history_is_clean_whatever_the_order_between_keys_and_topics() -> None:
    findings = examine(_delivered(4, 2, 1, 3), WRITTEN)
    assert findings.clean
    assert findings.repeated == 0


def test_a_lost_row_is_named() -> None:
    assert examine(_delivered(1, 2, 4), WRITTEN).lost == [3]


def test_a_repetition_is_counted_and_is_no_fault() -> None:
    findings = examine(_delivered(1, 2, 3, 1, 4), WRITTEN)
    assert findings.clean
    assert findings.repeated == 1


def test_two_rows_of_one_key_in_the_wrong_order_are_named() -> None:
    findings = examine(_delivered(3, 1, 2, 4), WRITTEN)
    assert [(one.sequence, other.sequence) for one, other in findings.out_of_order] == [(3, 1)]


def test_a_record_that_the_outbox_does_not_have_is_a_phantom() -> None:
    for stranger in (Delivery("earned", 0, "a", 9), Delivery("earned", 0, "a", None), Delivery("earned", 0, "b", 1)):
        assert examine([*_delivered(1, 2, 3, 4), stranger], WRITTEN).phantoms == [stranger]


def test_a_key_in_two_partitions_has_no_order_and_is_named() -> None:
    findings = examine([*_delivered(1, 2, 4), *_delivered(3, partition=1)], WRITTEN)
    assert findings.in_two_partitions == ["earned/a"]
