"""Seven programs of growing difficulty, the engine that runs them over real baskets, and who answers for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from cli.journey.baskets import Basket, data_folder
from loyalty.domain.program import ProgramSettings, Rounding
from loyalty.domain.purchase import Line, MemberFacts, Purchase
from loyalty.domain.rules import active_rule, compile_ruleset
from loyalty.domain.rules.history import History
from loyalty.domain.tiers import Ladder, Measure, Standing, Tier, TierPolicy, ladder, month_of, qualifying, settle

Json = Mapping[str, Any]
SHOP = UUID(int=1)
EPOCH = datetime(2016, 1, 1, tzinfo=UTC)
RATE: Json = {"name": "rate", "effect": {"type": "points_per_amount", "points": 1, "per": 1}}
BY_SPEND = [Tier("base", "Base", 0, 0), Tier("silver", "Silver", 1, 50_000), Tier("gold", "Gold", 2, 200_000)]
BY_POINTS = [Tier("base", "Base", 0, 0), Tier("silver", "Silver", 1, 500), Tier("gold", "Gold", 2, 2_000)]
POINTS_FOR_EVER = TierPolicy()
BEGINNER = Standing("base")
MULTIPLIERS = {"base": Decimal(1), "silver": Decimal("1.25"), "gold": Decimal("1.5")}


@dataclass(frozen=True)
class RuleSet:
    """A program: its rules from the oldest to the youngest, and its tiers if it has any."""

    name: str
    rules: Sequence[Json]
    rounding: Rounding = Rounding.DOWN
    tiers: Ladder | None = None
    policy: TierPolicy = POINTS_FOR_EVER


def fixed(name: str, points: int, *conditions: Json) -> Json:
    return {"name": name, "effect": {"type": "fixed", "points": points}, "conditions": list(conditions)}


def rate(name: str, points: int, per: int, scope: Json, **limits: Any) -> Json:
    effect = {"type": "points_per_amount", "points": points, "per": per}
    return {"name": name, "effect": effect, "scope": scope, "limits": limits}


ORDER: Json = {"type": "order"}
PRODUCE: Json = {"type": "category", "values": ["PRODUCE"]}

RULE_SETS = [
    RuleSet("rate", [RATE]),
    RuleSet(
        "scopes",
        [
            {**RATE, "scope": {"type": "order", "except": {"categories": ["FUEL", "MISCELLANEOUS"]}}},
            rate("produce", 2, 1, PRODUCE),
            rate("bananas", 5, 1, {"type": "sku", "values": ["1082185"]}),
        ],
    ),
    RuleSet(
        "windows",
        [
            RATE,
            fixed(
                "evening",
                5,
                {"field": "hour", "op": "gte", "value": 18},
                {"field": "hour", "op": "lte", "value": 21},
            ),
            fixed("big basket", 25, {"field": "amount", "op": "gte", "value": 50}),
            {
                "name": "weekend",
                "effect": {"type": "multiplier", "factor": "1.5"},
                "conditions": [{"field": "weekday", "op": "in", "value": [6, 7]}],
                "limits": {"points_per_transaction": 50},
            },
            {
                "name": "four days",
                "effect": {"type": "multiplier", "factor": 2},
                "window": {"starts_at": "2017-11-24T00:00:00-05:00", "ends_at": "2017-11-28T00:00:00-05:00"},
                "priority": 10,
                "stackable": False,
            },
        ],
    ),
    RuleSet(
        "caps",
        [rate("capped", 1, 1, ORDER, points_per_transaction=60, points_per_member={"points": 150, "period": "month"})],
    ),
    RuleSet(
        "shares",
        [
            rate("base", 1, 3, ORDER, budget_points=30_000),
            rate("produce", 2, 3, PRODUCE, points_per_member={"points": 20, "period": "week"}),
        ],
    ),
    RuleSet(
        "spend tiers",
        [
            RATE,
            fixed("welcome", 100, {"field": "first_purchase", "op": "eq", "value": True}),
            fixed("every tenth", 50, {"field": "purchase_number", "op": "multiple_of", "value": 10}),
        ],
        Rounding.HALF_UP,
        ladder(BY_SPEND),
        TierPolicy(measure=Measure.SPEND),
    ),
    RuleSet("point tiers", [RATE], tiers=ladder(BY_POINTS)),
]


@dataclass
class Household:
    """What a program knows of a member."""

    purchases: int = 0
    points: int = 0
    standing: Standing = BEGINNER
    months: dict[date, int] = field(default_factory=dict)


class Engine:
    """One program in memory: the domain's own rules, limits and tiers, and nothing else."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        program = ProgramSettings("USD", "America/New_York", rule_set.rounding)
        self._zone = program.zone
        self._ruleset = compile_ruleset(
            [
                active_rule(UUID(int=age + 1), 1, EPOCH + timedelta(days=age), definition)
                for age, definition in enumerate(rule_set.rules)
            ],
            program,
        )
        self._history = History()
        self.households: dict[int, Household] = {}

    def award(self, household_id: int, purchase: Purchase) -> None:
        household = self.households.setdefault(household_id, Household())
        code = household.standing.code
        facts = MemberFacts(EPOCH, household.purchases, code, MULTIPLIERS[code])
        award = self._history.award(self._ruleset, UUID(int=household_id), purchase, facts)
        household.purchases += 1
        household.points += award.points
        if self._rule_set.tiers is not None:
            self._climb(self._rule_set.tiers, household, purchase, award.points)

    def _climb(self, steps: Ladder, household: Household, purchase: Purchase, points: int) -> None:
        policy = self._rule_set.policy
        today = purchase.occurred_at.astimezone(self._zone).date()
        month = month_of(today)
        counted = points if policy.measure is Measure.POINTS else purchase.amount_minor
        household.months[month] = household.months.get(month, 0) + counted
        total = qualifying(policy.period, household.months, today)
        household.standing = settle(steps, policy, household.standing, total, purchase.occurred_at)


def purchase_of(basket: Basket) -> Purchase:
    lines = tuple(Line(line.amount_minor, str(line.product_id), line.department) for line in basket.lines)
    return Purchase(SHOP, basket.occurred_at, basket.amount_minor, "USD", lines)


Answers = dict[tuple[str, int], tuple[int, int]]
"""(rule set, household) to (baskets, points)."""


def run_engine(baskets: Iterator[Basket]) -> Answers:
    engines = {rule_set.name: Engine(rule_set) for rule_set in RULE_SETS}
    for basket in baskets:
        purchase = purchase_of(basket)
        for engine in engines.values():
            engine.award(basket.household_id, purchase)
    return {
        (name, household_id): (household.purchases, household.points)
        for name, engine in engines.items()
        for household_id, household in engine.households.items()
    }


def ask_oracle(baskets: int) -> Answers:
    paths = {name: str(data_folder() / f"{name}.parquet") for name in ("transactions", "products")}
    query = Path(__file__).with_name("rule_sets.sql").read_text()
    with duckdb.connect(config={"threads": 2}) as connection:
        rows = connection.execute(query, {**paths, "baskets": baskets}).fetchall()
    return {(rule_set, household): (count, points) for rule_set, household, count, points in rows}


def points_by_rule_set(answers: Answers) -> dict[str, int]:
    points: Counter[str] = Counter()
    for (rule_set, _), (_, one) in answers.items():
        points[rule_set] += one
    return dict(points)
