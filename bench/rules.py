"""How many purchases a second the earning rules take on one core: baskets of 10 lines under 5 rules, and under 105.

The floor is the naive reference of the tests in the same run: the contract written down with no thought of speed. The
two must agree on the points of every basket, or there is nothing to compare.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.common import report
from tests.unit.domain.cases import Built, build
from tests.unit.domain.reference import reference_award

BASKETS = 200
LINES = 10
SECONDS = 2.0
SEED = 20170305
CATEGORIES = ["GROCERY", "DRUG GM", "PRODUCE", "MEAT", "DELI", "PASTRY"]

Json = dict[str, Any]

FIVE_RULES: list[Json] = [
    {"name": "base", "effect": {"type": "points_per_amount", "points": 1, "per": 1}},
    {
        "name": "produce",
        "effect": {"type": "points_per_amount", "points": "1.5", "per": 1},
        "scope": {"type": "category", "values": ["PRODUCE", "MEAT"]},
        "limits": {"points_per_transaction": 200},
    },
    {
        "name": "deli",
        "effect": {"type": "points_per_amount", "points": 1, "per": 3},
        "scope": {"type": "category", "values": ["DELI"]},
    },
    {
        "name": "big basket",
        "effect": {"type": "fixed", "points": 50},
        "conditions": [{"field": "amount", "op": "gte", "value": "50"}],
        "limits": {"points_per_member": {"points": 500, "period": "month"}},
    },
    {
        "name": "weekend",
        "effect": {"type": "multiplier", "factor": 2},
        "conditions": [{"field": "weekday", "op": "in", "value": [6, 7]}],
    },
]
SKU_RULES: list[Json] = [
    {
        "name": f"sku {number}",
        "effect": {"type": "points_per_amount", "points": 5, "per": 1},
        "scope": {"type": "sku", "values": [f"sku-{number}"]},
    }
    for number in range(100)
]


def main() -> None:
    for figure, rules in (("5_rules", FIVE_RULES), ("105_rules", FIVE_RULES + SKU_RULES)):
        cases = baskets(rules)
        built = [build(case) for case in cases]
        check_agreement(cases, built)
        floor = rate([partial(reference_award, case) for case in cases])
        report("rules", f"evaluations_{figure}_per_s", rate([one.evaluate for one in built]), "purchases/s", floor)
        receipts = rate([partial(receipt_text, one) for one in built])
        report("rules", f"receipts_{figure}_per_s", receipts, "purchases/s", floor)


def receipt_text(one: Built) -> str:
    """All that an award costs: the evaluation, and its receipt as it is stored."""
    return one.evaluate().receipt.text


def baskets(rules: list[Json]) -> list[Json]:
    randomly = random.Random(SEED)
    return [
        {
            "program": {"time_zone": "Europe/London", "rounding": "down"},
            "member": {
                "tier": "gold",
                "tier_multiplier": "1.25",
                "joined_at": "2016-12-31T00:00:00Z",
                "purchases_before": 5,
                "birth_date": None,
            },
            "rules": rules,
            "purchase": purchase(randomly),
        }
        for _ in range(BASKETS)
    ]


def purchase(randomly: random.Random) -> Json:
    amounts_minor = [randomly.randint(50, 2_000) for _ in range(LINES)]
    items = [
        {
            "sku": f"sku-{randomly.randrange(2_000)}",
            "category": randomly.choice(CATEGORIES),
            "amount": f"{amount_minor / 100:.2f}",
        }
        for amount_minor in amounts_minor
    ]
    day = randomly.randint(1, 31)
    return {
        "merchant_id": "01920000-0000-7000-8000-000000000001",
        "occurred_at": f"2017-03-{day:02}T14:30:00Z",
        "amount": f"{sum(amounts_minor) / 100:.2f}",
        "currency": "GBP",
        "items": items,
    }


def check_agreement(cases: Sequence[Json], built: Sequence[Built]) -> None:
    for case, one in zip(cases, built, strict=True):
        points, expected = one.evaluate().points, reference_award(case).points
        if points != expected:
            raise SystemExit(f"{points} points, the reference says {expected}: {json.dumps(case)}")


def rate(calls: Sequence[Callable[[], object]]) -> float:
    """Calls a second, over whole rounds of all calls for at least SECONDS."""
    started, rounds = time.process_time(), 0
    while (elapsed := time.process_time() - started) < SECONDS:
        for call in calls:
            call()
        rounds += 1
    return rounds * len(calls) / elapsed


if __name__ == "__main__":
    main()
