"""Real baskets through the rules and tiers, household by household against SQL that shares nothing with them."""

from __future__ import annotations

import time

import pytest

from cli.journey.baskets import ALL_BASKETS, read_baskets
from tests.e2e.rule_sets import RULE_SETS, ask_oracle, points_by_rule_set, run_engine
from tests.support.campaigns import sized, write_report

BASKETS = sized(5_000, ALL_BASKETS)


@pytest.mark.timeout(sized(120, 1_800))
def test_every_household_has_the_points_that_sql_gives_under_every_rule_set() -> None:
    begun = time.process_time()
    found = run_engine(read_baskets(BASKETS))
    cpu_seconds = time.process_time() - begun
    expected = ask_oracle(BASKETS)
    wrong = {key: (found.get(key), answer) for key, answer in expected.items() if found.get(key) != answer}
    assert wrong == {}
    assert found.keys() == expected.keys()
    points = points_by_rule_set(found)
    assert len(points) == len(RULE_SETS)
    assert len(set(points.values())) == len(RULE_SETS), "every rule set makes a difference"
    write_report(
        "rule-sets",
        {
            "baskets": BASKETS,
            "households": len({household for _, household in found}),
            "differences": len(wrong),
            "points": points,
            "cpu_seconds": round(cpu_seconds, 1),
        },
    )
