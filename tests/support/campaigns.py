"""Campaigns: how large one is, the seed that repeats it, and what it writes down when it is run whole."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

REPORTS = Path(__file__).parents[2] / "docs" / "reports"


def whole() -> bool:
    """Whether the whole campaign is asked for (`make test-long`), not the short one."""
    return os.environ.get("LAUREL_TEST_LONG") == "1"


def sized(short: T, long: T) -> T:
    """The size of what is run now."""
    return long if whole() else short


@lru_cache
def run_seed() -> int:
    """The seed of this run: LAUREL_TEST_SEED, else one by chance."""
    return int(os.environ.get("LAUREL_TEST_SEED") or random.SystemRandom().randrange(10**6))


def seeded(name: str) -> random.Random:
    """Chances that LAUREL_TEST_SEED repeats; the seed is printed."""
    print(f"{name}: LAUREL_TEST_SEED={run_seed()}")
    return random.Random(run_seed())


def write_report(name: str, found: Mapping[str, Any]) -> None:
    """Print what a campaign found; a whole one is also kept in docs/reports."""
    text = json.dumps({"seed": run_seed(), **found}, indent=1, default=str)
    print(f"{name}: {text}")
    if whole():
        REPORTS.mkdir(parents=True, exist_ok=True)
        (REPORTS / f"{name}.json").write_text(text + "\n")
