"""A figure is one line of JSON, with the floor and how it compares where there is one."""

from __future__ import annotations

import json

import pytest

from bench.common import line, report


def test_a_figure_with_a_floor() -> None:
    told = json.loads(line("relay", "rows", 57_123.4, "rows/s", floor=114_246.8))
    assert told == {
        "bench": "relay",
        "figure": "rows",
        "value": 57_123,
        "unit": "rows/s",
        "floor": 114_247,
        "ratio": 0.5,
    }


def test_a_figure_without_a_floor_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    report("replay", "latency_p50", 12.34567, "ms")
    assert json.loads(capsys.readouterr().out) == {
        "bench": "replay",
        "figure": "latency_p50",
        "value": 12.35,
        "unit": "ms",
    }


def test_a_floor_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="the floor is 0"):
        line("relay", "rows", 1, "rows/s", floor=0)
