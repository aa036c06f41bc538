"""Compiling a set of rules, and the edges of single evaluations."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfoNotFoundError

import pytest

from loyalty.domain.money import UnknownCurrency
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import Line, MemberFacts, Purchase
from loyalty.domain.rules import ActiveRule, active_rule, compile_ruleset, evaluate

AT = datetime(2017, 3, 5, 14, tzinfo=UTC)
MEMBER = MemberFacts(AT, purchases_before=1)
BASE = {"name": "base", "effect": {"type": "points_per_amount", "points": 1, "per": 1}}


def rule(number: int, version: int = 1, **changes: object) -> ActiveRule:
    return active_rule(UUID(int=number), version, AT, {**BASE, **changes})


def purchase(amount_minor: int, *lines: Line, currency: str = "GBP") -> Purchase:
    return Purchase(UUID(int=1), AT, amount_minor, currency, lines)


def test_one_rule_in_two_versions_is_refused() -> None:
    with pytest.raises(ValueError, match="two versions"):
        compile_ruleset([rule(1), rule(1, version=2)], ProgramSettings())


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        compile_ruleset([], ProgramSettings(time_zone="Europe/Atlantis"))


def test_without_rules_there_are_no_points_but_a_receipt() -> None:
    award = evaluate(purchase(1_000), MEMBER, [], ProgramSettings(), {})
    assert (award.points, award.shares, award.usage_changes) == (0, (), ())
    assert (award.pending_until, award.expires_at) == (None, None)
    assert award.receipt.to_json()["lines"][0]["scope"] is None


def test_an_award_names_the_version_of_the_rule() -> None:
    award = evaluate(purchase(1_000), MEMBER, [rule(1, version=7)], ProgramSettings(), {})
    assert [(share.rule_id, share.version, share.points) for share in award.shares] == [(UUID(int=1), 7, 10)]


def test_equal_priority_and_age_are_decided_by_the_lower_id() -> None:
    rules = [rule(2, stackable=False), rule(1, stackable=False)]
    award = evaluate(purchase(1_000), MEMBER, rules, ProgramSettings(), {})
    assert [share.rule_id for share in award.shares] == [UUID(int=1)]


def test_a_line_without_sku_or_category_is_claimed_by_the_order_only() -> None:
    named = rule(1, scope={"type": "sku", "values": ["None"]})
    award = evaluate(purchase(1_000, Line(1_000)), MEMBER, [named, rule(2)], ProgramSettings(), {})
    assert [share.rule_id for share in award.shares] == [UUID(int=2)]


def test_a_sku_rule_out_of_force_leaves_the_line_to_the_next_scope() -> None:
    asleep = rule(1, scope={"type": "sku", "values": ["milk"]}, conditions=[{"field": "hour", "op": "eq", "value": 3}])
    award = evaluate(purchase(1_000, Line(1_000, "milk", "DAIRY")), MEMBER, [asleep, rule(2)], ProgramSettings(), {})
    assert [share.rule_id for share in award.shares] == [UUID(int=2)]


def test_nothing_drifts_over_the_largest_numbers() -> None:
    tier = MemberFacts(AT, purchases_before=1, tier_multiplier=Decimal("1.0001"))
    rules = [
        rule(1, effect={"type": "points_per_amount", "points": "999999.9999", "per": "0.0001"}),
        rule(2, effect={"type": "multiplier", "factor": "999.9999"}),
    ]
    award = evaluate(purchase(10**17), tier, rules, ProgramSettings(), {})
    assert award.points == 10**15 * 9_999_999_999 * 9_999_999 * 10_001 // 10**8


@pytest.mark.parametrize("amounts", [(-1,), (0, -1)])
def test_negative_amounts_are_no_purchase(amounts: tuple[int, ...]) -> None:
    whole, *lines = amounts
    with pytest.raises(ValueError, match="negative"):
        purchase(whole, *(Line(amount) for amount in lines))


def test_a_purchase_knows_its_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Purchase(UUID(int=1), datetime(2017, 3, 5), 1, "GBP")  # noqa: DTZ001


@pytest.mark.parametrize("year", [1, 1899, 9999])
def test_a_purchase_is_not_at_the_ends_of_the_calendar(year: int) -> None:
    with pytest.raises(ValueError, match="not in 1900 to 9998"):
        Purchase(UUID(int=1), datetime(year, 1, 1, tzinfo=UTC), 1, "GBP")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        evaluate(purchase(1, currency="XXX"), MEMBER, [rule(1)], ProgramSettings(), {})
