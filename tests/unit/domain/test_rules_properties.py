"""What holds of every award, whatever the rules."""

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from loyalty.domain.award import Award, Counter, UsageKey
from loyalty.domain.program import Rounding
from loyalty.domain.purchase import Line, Purchase
from loyalty.domain.rules import ActiveRule, compile_ruleset
from loyalty.domain.rules.arithmetic import round_points, split
from tests.unit.domain.cases import build, evaluate, program_of, rule_id, rules_of, shares_by_name
from tests.unit.domain.strategies import cases

often = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@often
@given(cases())
def test_the_shares_sum_to_the_award(case: dict[str, Any]) -> None:
    award = evaluate(case)
    assert award.points == sum(share.points for share in award.shares) >= 0
    assert all(type(share.points) is int and share.points > 0 for share in award.shares)


@often
@given(cases())
def test_the_receipt_adds_up(case: dict[str, Any]) -> None:
    receipt = evaluate(case).receipt
    by_rule = [Fraction(0)] * len(receipt.rules)
    for line in receipt.lines:
        for earned in line.rules:
            by_rule[earned.rule] += earned.points.fraction
    for earned in receipt.fixed:
        by_rule[earned.rule] += earned.points.fraction
    kinds = {cut.rule for cut in receipt.cuts} - {multiplier.rule for multiplier in receipt.multipliers}
    cuts = sum((cut.points.fraction for cut in receipt.cuts if cut.rule in kinds and not cut.period_key), Fraction(0))
    extras = sum((multiplier.extra.fraction for multiplier in receipt.multipliers), Fraction(0))
    assert receipt.before_multipliers.fraction == sum(by_rule, Fraction(0)) - cuts
    before_tier = receipt.before_multipliers.fraction + extras
    assert receipt.unrounded.fraction == before_tier + receipt.tier.extra.fraction
    assert receipt.unrounded.fraction == sum((rule.contribution.fraction for rule in receipt.rules), Fraction(0))
    assert receipt.rounded == sum(rule.share for rule in receipt.rules)
    assert receipt.points == sum(rule.points for rule in receipt.rules)
    late_cuts = sum(int(cut.points.fraction) for cut in receipt.cuts if cut.period_key)
    assert receipt.rounded - late_cuts == receipt.points


@often
@given(cases())
def test_the_receipt_is_json_and_its_exact_numbers_read_back(case: dict[str, Any]) -> None:
    receipt = evaluate(case).receipt
    document = json.loads(receipt.text)
    assert [(line["sku"], line["category"], line["scope"], len(line["rules"])) for line in document["lines"]] == [
        (line.sku, line.category, line.scope, len(line.rules)) for line in receipt.lines
    ]
    assert [(cut["rule"], cut["limit"], cut["period_key"]) for cut in document["cuts"]] == [
        (cut.rule, cut.limit, cut.period_key) for cut in receipt.cuts
    ]
    assert Fraction(document["unrounded"]) == receipt.unrounded.fraction
    assert [Fraction(rule["contribution"]) for rule in document["rules"]] == [
        rule.contribution.fraction for rule in receipt.rules
    ]


@given(cases(), st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_any_text_is_told_in_a_receipt_as_it_is(case: dict[str, Any], sku: str, category: str) -> None:
    items = [{"sku": sku, "category": category, "amount": "1"}]
    told = json.loads(evaluate({**case, "purchase": {**case["purchase"], "items": items}}).receipt.text)
    assert (told["lines"][0]["sku"], told["lines"][0]["category"]) == (sku, category)


@often
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_rules_are_given_does_not_matter(case: dict[str, Any], random: Any) -> None:
    built, rules = build(case), rules_of(case)
    random.shuffle(rules)
    shuffled = compile_ruleset(rules, program_of(case)).evaluate(built.purchase, built.member, built.usage)
    assert shuffled == built.evaluate()


@often
@given(cases(), st.data())
def test_a_line_may_be_split_without_changing_anything(case: dict[str, Any], data: st.DataObject) -> None:
    """Two lines of the same sku and category are one of their sum: no rule and no rounding looks at a line alone."""
    assume(case["purchase"]["items"])
    built = build(case)
    lines = built.purchase.lines
    place = data.draw(st.integers(0, len(lines) - 1))
    first = data.draw(st.integers(0, lines[place].amount_minor))
    whole = lines[place]
    halves = (
        Line(first, whole.sku, whole.category),
        Line(whole.amount_minor - first, whole.sku, whole.category),
    )
    parted = with_lines(built.purchase, (*lines[:place], *halves, *lines[place + 1 :]))
    assert_same_points(built.ruleset.evaluate(parted, built.member, built.usage), built.evaluate())


@often
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(case: dict[str, Any], random: Any) -> None:
    built = build(case)
    lines = list(built.purchase.lines)
    random.shuffle(lines)
    shuffled = with_lines(built.purchase, lines)
    assert_same_points(built.ruleset.evaluate(shuffled, built.member, built.usage), built.evaluate())


@often
@given(cases())
def test_limits_are_never_exceeded(case: dict[str, Any]) -> None:
    built, award = build(case), evaluate(case)
    given_points = shares_by_name(award, case)
    changes = {change.key: change.points for change in award.usage_changes}
    for rule in rules_of(case):
        points = given_points.get(rule.definition.name, 0)
        for key in built.ruleset.usage_keys(built.purchase):
            if key.rule_id == rule.rule_id and points:
                assert changes[key] == points
                assert built.usage.get(key, 0) + points <= most_of(rule, key)


@often
@given(cases())
def test_no_counter_is_asked_for_that_was_not_named_before(case: dict[str, Any]) -> None:
    built = build(case)
    keys = built.ruleset.usage_keys(built.purchase)
    named = {key: points for key, points in built.usage.items() if key in keys}
    award = built.ruleset.evaluate(built.purchase, built.member, named)
    assert award == built.evaluate()
    assert {change.key for change in award.usage_changes} <= set(keys)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_limits_hold_over_many_purchases(case: dict[str, Any]) -> None:
    """The same purchase again and again, its changes counted: a limit is reached exactly, never passed."""
    built = build(case)
    usage: dict[UsageKey, int] = {}
    for _ in range(6):
        for change in built.ruleset.evaluate(built.purchase, built.member, usage).usage_changes:
            usage[change.key] = usage.get(change.key, 0) + change.points
    rules = {rule.rule_id: rule for rule in rules_of(case)}
    assert all(points <= most_of(rules[key.rule_id], key) for key, points in usage.items())


@often
@given(cases())
def test_a_rule_that_does_not_stack_stands_alone_in_its_step(case: dict[str, Any]) -> None:
    receipt = evaluate(case).receipt
    alone = {rule_id(rule["name"]) for rule in case["rules"] if not rule["stackable"]}
    groups: list[list[int]] = [[earned.rule for earned in line.rules] for line in receipt.lines]
    groups.append([earned.rule for earned in receipt.fixed])
    groups.append([multiplier.rule for multiplier in receipt.multipliers])
    for group in groups:
        assert len(group) == 1 or not any(receipt.rules[rule].rule_id in alone for rule in group)


@often
@given(cases())
def test_rounding_up_down_and_half_up_are_at_most_one_point_apart(case: dict[str, Any]) -> None:
    down, half, up = (
        evaluate({**case, "program": {**case["program"], "rounding": rounding}}).receipt.rounded
        for rounding in Rounding
    )
    assert down <= half <= up <= down + 1


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.integers(1, 1_000), st.sampled_from(Rounding))
def test_a_split_loses_nothing_and_is_less_than_a_point_from_exact(
    contributions: list[int], grains_per_point: int, rounding: Rounding
) -> None:
    rounded = round_points(sum(contributions), grains_per_point, rounding)
    shares = split(contributions, grains_per_point, rounded)
    assert sum(shares) == rounded
    for share, grains in zip(shares, contributions, strict=True):
        assert abs(share - Fraction(grains, grains_per_point)) < 1


def test_equal_remainders_go_to_the_first() -> None:
    assert split([1, 1, 1, 1], 2, 2) == [1, 1, 0, 0]


def test_the_older_of_two_equal_rules_goes_first() -> None:
    half = {"effect": {"type": "points_per_amount", "points": "0.5", "per": 1}}
    case = {"rules": [{"name": "older", **half}, {"name": "younger", **half}], "purchase": {"amount": "1.00"}}
    assert shares_by_name(evaluate(case), case) == {"older": 1}


def most_of(rule: ActiveRule, key: UsageKey) -> int:
    limits = rule.definition.limits
    if key.counter is Counter.BUDGET:
        assert limits.budget_points is not None
        return limits.budget_points
    assert limits.points_per_member is not None
    return limits.points_per_member.points


def with_lines(purchase: Purchase, lines: Sequence[Line]) -> Purchase:
    return Purchase(purchase.merchant_id, purchase.occurred_at, purchase.amount_minor, purchase.currency, tuple(lines))


def assert_same_points(one: Award, other: Award) -> None:
    assert one.shares == other.shares
    assert one.usage_changes == other.usage_changes
    assert one.receipt.unrounded.fraction == other.receipt.unrounded.fraction
