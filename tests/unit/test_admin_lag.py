"""The worker's lag as the Admin API tells it: what is not known is never 0."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from api.admin.lag import CONSUMED_TOPICS, consumers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def report(lag: object, age_seconds: float = 1) -> bytes:
    return json.dumps({"lag": lag, "at": (NOW - timedelta(seconds=age_seconds)).isoformat()}).encode()


def told(**changed: bytes) -> dict[bytes, bytes]:
    everything = {f"{topic}/{n}": report(n + 1) for topic in CONSUMED_TOPICS for n in range(2)} | changed
    return {name.encode(): raw for name, raw in everything.items()}


def test_the_lag_is_the_sum_of_all_partitions() -> None:
    found = consumers(told(), 2, NOW)
    assert (found.known, found.lag_events, len(found.partitions)) == (True, 12, 8)


@pytest.mark.parametrize(
    "wrong", [b"", b"nonsense", b"[]", b'{"lag": 1}', b'{"lag": null, "at": "x"}', report(0, 16), report(None)]
)
def test_a_partition_that_is_old_or_unreadable_makes_the_sum_unknown(wrong: bytes) -> None:
    found = consumers(told(**{"reward.redeemed/1": wrong}), 2, NOW)
    assert (found.known, found.lag_events) == (False, None)
    [unknown] = [one for one in found.partitions if one.lag_events is None]
    assert (unknown.topic, unknown.partition) == ("reward.redeemed", 1)


def test_nothing_told_is_unknown() -> None:
    found = consumers({}, 2, NOW)
    assert (found.known, found.lag_events, len(found.partitions)) == (False, None, 8)


def test_what_was_told_of_partitions_that_are_not_ours_does_not_count() -> None:
    assert consumers(told(**{"reward.redeemed/7": report(99), "x": report(1)}), 2, NOW).lag_events == 12
