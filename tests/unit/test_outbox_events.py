"""What may be appended, what is kept of it, and how positions survive being stored."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbox import EventTooLargeError, InvalidKeyError, NewEvent, OutboxError, Topics, UnknownTopicError
from outbox.checkpoint import decode_ends, encode_ends
from outbox.events import MAX_KEY_BYTES
from outbox.log import Snapshot

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
TOPICS = Topics.of(["orders"], partitions=4, prefix="test.")


def event(topic: str = "orders", key: str = "k", payload: bytes = b"{}") -> NewEvent:
    return NewEvent(topic, key, payload, uuid.uuid4(), MOMENT)


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=MAX_KEY_BYTES // 4))
def test_any_short_text_without_nul_is_a_key(key: str) -> None:
    TOPICS.check(event(key=key))


@given(st.text(st.characters(codec="utf-8")))
def test_a_key_is_refused_exactly_when_it_is_empty_too_long_or_has_a_nul(key: str) -> None:
    wrong = not key or "\0" in key or len(key.encode()) > MAX_KEY_BYTES
    if wrong:
        with pytest.raises(InvalidKeyError):
            TOPICS.check(event(key=key))
    else:
        TOPICS.check(event(key=key))


def test_a_key_that_is_no_text_in_utf_8_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        TOPICS.check(event(key="\ud800"))


@pytest.mark.parametrize("size", [0, TOPICS.max_payload_bytes])
def test_a_payload_up_to_the_limit_is_taken(size: int) -> None:
    TOPICS.check(event(payload=b"x" * size))


def test_errors_say_the_numbers() -> None:
    with pytest.raises(EventTooLargeError, match="900001 bytes; 900000 are allowed") as large:
        TOPICS.check(event(payload=b"x" * 900_001))
    assert large.value.data == {"payload_bytes": 900_001, "limit_bytes": 900_000}
    with pytest.raises(UnknownTopicError, match="'refunds' is not a topic of this outbox \\(orders\\)"):
        TOPICS.check(event(topic="refunds"))
    with pytest.raises(OutboxError):
        TOPICS.check(event(topic="refunds"))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        NewEvent("orders", "k", b"", uuid.uuid4(), datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.parametrize("partitions", [{"orders": 0}, {"": 1}])
def test_topics_need_a_name_and_a_partition(partitions: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="need a name and a partition"):
        Topics(partitions)


def test_the_prefix_is_for_kafka_alone() -> None:
    assert dict(TOPICS.kafka_names) == {"orders": "test.orders"}
    TOPICS.check(event(topic="orders"))


@given(st.integers(3, 2**63), st.integers(0, 2**40), st.lists(st.integers(3, 2**63), max_size=5))
def test_a_snapshot_is_read_as_postgresql_writes_it(xmin: int, width: int, in_progress: list[int]) -> None:
    text = f"{xmin}:{xmin + width}:{','.join(map(str, in_progress))}"
    assert Snapshot.parse(text) == Snapshot(text, xmin + width, tuple(in_progress))


@given(st.dictionaries(st.tuples(st.text(), st.integers(0, 1_000)), st.integers(0, 2**63)))
def test_ends_survive_being_stored(ends: dict[tuple[str, int], int]) -> None:
    assert decode_ends(encode_ends(ends)) == ends
