"""Rows become records column by column: the same as row by row, and in the same partition."""

from __future__ import annotations

import uuid
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from outbox import Topics
from outbox.log import KEY, TOPIC, Row
from outbox.records import Slots, header_lists, headers_of, partition_of

TOPICS = Topics({"orders": 4, "refunds": 1, "visits": 7}, prefix="test.")
KEYS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=20)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"

ROWS = st.tuples(
    st.integers(1, 2**63 - 1),
    st.sampled_from(list(TOPICS.partitions)),
    KEYS,
    st.binary(max_size=10),
    st.uuids().map(str),
    st.sampled_from(["/laurel", "/shop"]),
    st.datetimes().map(lambda moment: f"{moment.isoformat(sep=' ')}+00"),
    st.none() | st.just(TRACE),
    st.just(0),
)


@given(KEYS, st.integers(1, 1_000))
def test_a_key_has_one_partition_and_it_is_librdkafkas(key: str, partitions: int) -> None:
    assert partition_of(key, partitions) == crc32(key.encode()) % partitions < partitions


@given(st.lists(ROWS, max_size=20))
def test_every_row_of_a_page_goes_to_the_partition_of_its_key(rows: list[Row]) -> None:
    slots = Slots(TOPICS)
    found = [slots.all[number] for number in slots.numbers(rows)]
    assert found == [(row[TOPIC], partition_of(row[KEY], TOPICS.partitions[row[TOPIC]])) for row in rows]


def test_slots_know_their_names_in_kafka() -> None:
    slots = Slots(TOPICS)
    told = list(zip(slots.kafka_names, slots.partitions, strict=True))
    assert told == [("test." + name, partition) for name, partition in slots.all]
    assert len(set(told)) == 12


@given(st.lists(ROWS, min_size=1, max_size=20))
def test_a_page_has_the_headers_of_its_rows(rows: list[Row]) -> None:
    columns = list(zip(*rows, strict=True))
    assert list(header_lists(columns)) == [expected(row) for row in rows]
    assert headers_of(rows[0]) == expected(rows[0])


def expected(row: Row) -> list[tuple[str, str | None]]:
    """What the contract says, written down row by row."""
    id_, topic, key, _, event_id, source, time, traceparent, _ = row
    return [
        ("ce_specversion", "1.0"),
        ("ce_id", event_id),
        ("ce_type", topic),
        ("ce_source", source),
        ("ce_subject", key),
        ("ce_time", time.replace(" ", "T").replace("+00", "Z")),
        ("ce_sequence", str(id_)),
        *([("traceparent", traceparent)] if traceparent else []),
    ]


def test_an_event_without_a_trace_has_no_traceparent() -> None:
    row = (7, "orders", "k", b"{}", str(uuid.uuid4()), "/shop", "2026-11-22 00:00:00+00", None, 0)
    assert dict(headers_of(row)).keys().isdisjoint({"traceparent"})
    assert dict(headers_of(row))["ce_time"] == "2026-11-22T00:00:00Z"
