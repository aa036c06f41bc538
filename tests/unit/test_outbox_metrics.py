"""What an operator is told to watch is there, and what is there is explained."""

from __future__ import annotations

import re
from pathlib import Path

from outbox.metrics import RelayMetrics

PAGE = Path(__file__).parents[2] / "docs" / "outbox.md"


def test_every_metric_is_explained_and_no_other() -> None:
    there = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in RelayMetrics().registry.collect()
    }
    explained = set(re.findall(r"^\| `(outbox_[a-z_]+)", PAGE.read_text(), flags=re.MULTILINE))
    assert explained == there
