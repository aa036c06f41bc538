"""Rows as Kafka records, a page at a time and column by column: no bytecode runs for a row.

A record carries the CloudEvents attributes of its event as headers (Kafka protocol binding 1.0.2, binary content mode).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import add, itemgetter, mod
from typing import Any
from zlib import crc32

from outbox.events import Topics
from outbox.log import KEY, TOPIC, Row

Slot = tuple[str, int]
"""A topic's plain name and a partition."""

Header = tuple[str, str | bytes | None]

SPECVERSION: Header = ("ce_specversion", "1.0")


def header_lists(columns: Sequence[Sequence[Any]]) -> Iterator[list[Header]]:
    """The headers of each row, made when they are asked for. `columns` are those of outbox.log.Row."""
    ids, topics, keys, _, event_ids, sources, times, traceparents = columns[:8]
    attributes: list[Iterable[Header]] = [
        repeat(SPECVERSION),
        zip(repeat("ce_id"), event_ids),
        zip(repeat("ce_type"), topics),
        zip(repeat("ce_source"), sources),
        zip(repeat("ce_subject"), keys),
        zip(repeat("ce_time"), _rfc3339(times)),
        zip(repeat("ce_sequence"), map(str, ids)),
    ]
    if not any(traceparents):
        return map(list, zip(*attributes, strict=False))
    attributes.append(zip(repeat("traceparent"), traceparents))
    lists: Iterator[list[Header]] = map(list, zip(*attributes, strict=False))
    return lists if None not in traceparents else map(_without_empty_last, lists)


def headers_of(row: Row) -> list[Header]:
    """The headers of one row."""
    return next(header_lists([(value,) for value in row]))


def _rfc3339(times: Iterable[str]) -> Iterator[str]:
    """PostgreSQL's ISO style in UTC (2026-11-22 15:00:00.123456+00), with T and Z."""
    return map(str.replace, map(str.replace, times, repeat(" "), repeat("T")), repeat("+00"), repeat("Z"))


def _without_empty_last(headers: list[Header]) -> list[Header]:
    if headers[-1][1] is None:
        headers.pop()
    return headers


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: what librdkafka's own partitioner for keyed records (consistent) would choose."""
    return crc32(key.encode()) % partitions


class Slots:
    """The partitions of all topics, numbered through: rows are told apart by a number, not by a name and a number."""

    def __init__(self, topics: Topics) -> None:
        self.all: list[Slot] = [(name, p) for name, count in topics.partitions.items() for p in range(count)]
        self.kafka_names = [topics.kafka_names[name] for name, _ in self.all]
        self.partitions = [partition for _, partition in self.all]
        self._counts = dict(topics.partitions)
        self._firsts = {name: self.all.index((name, 0)) for name in topics.partitions}

    def numbers(self, rows: Sequence[Row]) -> list[int]:
        """The number of each row's slot, an index to `all`. Raises KeyError for a topic that is not ours."""
        names = list(map(itemgetter(TOPIC), rows))
        hashes = map(crc32, map(str.encode, map(itemgetter(KEY), rows)))
        partitions = map(mod, hashes, map(self._counts.__getitem__, names))
        return list(map(add, map(self._firsts.__getitem__, names), partitions))
