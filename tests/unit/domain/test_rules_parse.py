"""Definitions: what is read is written again, and whatever is wrong is named by its place."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.rules import InvalidRule, parse_rule
from loyalty.domain.rules.definition import FixedPoints, Limits, RuleDefinition, Scope, Window
from tests.unit.domain.cases import MERCHANT
from tests.unit.domain.strategies import definitions

EARN: dict[str, Any] = {"type": "points_per_amount", "points": 1, "per": 1}


def problems(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRule) as refusal:
        parse_rule({"name": "a rule", "effect": EARN, **changes})
    return refusal.value.errors


def pointers(**changes: Any) -> list[str]:
    return [pointer for pointer, _ in problems(**changes)]


@settings(max_examples=300, deadline=None)
@given(definitions())
def test_what_is_written_reads_the_same(definition: dict[str, Any]) -> None:
    rule = parse_rule({"name": "a rule", **definition})
    assert parse_rule(rule.to_json()) == rule
    assert parse_rule(rule.to_json()).to_json() == rule.to_json()


def test_what_is_left_out_has_a_default() -> None:
    rule = parse_rule({"name": "a rule", "effect": {"type": "fixed", "points": 5}})
    assert rule == RuleDefinition("a rule", FixedPoints(5))
    assert (rule.scope, rule.conditions, rule.window, rule.limits) == (Scope(), (), Window(), Limits())
    assert (rule.priority, rule.stackable) == (0, True)


def test_null_is_the_same_as_left_out() -> None:
    nulls = dict.fromkeys(["trigger", "scope", "conditions", "window", "priority", "stackable", "limits"])
    assert parse_rule({"name": "a", "effect": EARN, **nulls}) == parse_rule({"name": "a", "effect": EARN})


@pytest.mark.parametrize("written", ["1.5", 1.5, "1.50", "01.5"])
def test_a_number_is_read_as_it_is_written(written: object) -> None:
    rule = parse_rule({"name": "a", "effect": {"type": "multiplier", "factor": written}})
    assert rule.to_json()["effect"] == {"type": "multiplier", "factor": "1.5"}


def test_a_float_that_drifted_is_refused_and_not_rounded() -> None:
    assert pointers(effect={"type": "multiplier", "factor": 0.1 + 0.2}) == ["/effect/factor"]


NO_RATES: list[object] = ["-1", -1, "1.23456", 1.23456, "NaN", float("nan"), float("inf"), "Infinity", "1e3", "", " 1"]
NO_RATES += ["1_000", "1,5", "٣", True, None, [], {}, "9" * 5_000, 10**5_000, 1e300, 1_000_001]


@pytest.mark.parametrize("bad", NO_RATES, ids=lambda bad: type(bad).__name__)
def test_rates_that_are_refused(bad: object) -> None:
    assert pointers(effect={"type": "points_per_amount", "points": bad, "per": 1}) == ["/effect/points"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": ""}, ["/name"]),
        ({"name": "  "}, ["/name"]),
        ({"name": "nul\0"}, ["/name"]),
        ({"name": "x" * 201}, ["/name"]),
        ({"name": 5}, ["/name"]),
        ({"trigger": "member.registered"}, ["/trigger"]),
        ({"priority": 1.5}, ["/priority"]),
        ({"priority": True}, ["/priority"]),
        ({"priority": 1_000_001}, ["/priority"]),
        ({"stackable": "yes"}, ["/stackable"]),
        ({"stackable": 1}, ["/stackable"]),
        ({"a/b~c": 1}, ["/a~1b~0c"]),
        ({"effect": None}, ["/effect"]),
        ({"effect": {"type": "divide"}}, ["/effect/type"]),
        ({"effect": {"points": 1}}, ["/effect/type"]),
        ({"effect": {**EARN, "per": 0}}, ["/effect/per"]),
        ({"effect": {**EARN, "factor": 2}}, ["/effect/factor"]),
        ({"effect": {"type": "fixed", "points": 0}}, ["/effect/points"]),
        ({"effect": {"type": "fixed", "points": -5}}, ["/effect/points"]),
        ({"effect": {"type": "fixed", "points": "5"}}, ["/effect/points"]),
        ({"effect": {"type": "fixed", "points": 2.0}}, ["/effect/points"]),
        ({"effect": {"type": "multiplier", "factor": 0}}, ["/effect/factor"]),
        ({"effect": {"type": "multiplier", "factor": 1001}}, ["/effect/factor"]),
        ({"scope": "order"}, ["/scope"]),
        ({"scope": {"type": "brand", "values": ["a"]}}, ["/scope/type"]),
        ({"scope": {"type": "order", "values": ["a"]}}, ["/scope/values"]),
        ({"scope": {"type": "sku"}}, ["/scope/values"]),
        ({"scope": {"type": "sku", "values": []}}, ["/scope/values"]),
        ({"scope": {"type": "sku", "values": "milk"}}, ["/scope/values"]),
        ({"scope": {"type": "sku", "values": ["a", 1, ""]}}, ["/scope/values/1", "/scope/values/2"]),
        ({"window": {"starts_at": "2017-01-01T00:00:00"}}, ["/window/starts_at"]),
        ({"window": {"starts_at": "2017-01-01"}}, ["/window/starts_at"]),
        ({"window": {"starts_at": "0001-01-01T00:00:00+10:00"}}, ["/window/starts_at"]),
        ({"window": {"starts_at": "2017-13-01T00:00:00Z"}}, ["/window/starts_at"]),
        ({"window": {"starts_at": 1488326400}}, ["/window/starts_at"]),
        (
            {"window": {"starts_at": "2017-01-01T01:00:00+01:00", "ends_at": "2017-01-01T00:00:00Z"}},
            ["/window/ends_at"],
        ),
        ({"limits": {"points_per_transaction": 0}}, ["/limits/points_per_transaction"]),
        ({"limits": {"budget_points": -1}}, ["/limits/budget_points"]),
        ({"limits": {"budget_points": 1.5}}, ["/limits/budget_points"]),
        ({"limits": {"points_per_member": {"points": 5}}}, ["/limits/points_per_member/period"]),
        ({"limits": {"points_per_member": {"points": 5, "period": "decade"}}}, ["/limits/points_per_member/period"]),
        ({"limits": {"points_per_year": 5}}, ["/limits/points_per_year"]),
        ({"conditions": {}}, ["/conditions"]),
        ({"conditions": ["tier"]}, ["/conditions/0"]),
    ],
)
def test_what_is_wrong_is_named_by_its_place(changes: dict[str, Any], expected: list[str]) -> None:
    assert pointers(**changes) == expected


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("colour", "eq", "red", "field"),
        ("tier", "like", "gold", "op"),
        ("tier", "gte", "gold", "op"),
        ("merchant_id", "lte", MERCHANT, "op"),
        ("first_purchase", "in", [True], "op"),
        ("first_purchase", "eq", "true", "value"),
        ("first_purchase", "eq", 1, "value"),
        ("merchant_id", "eq", "store 1", "value"),
        ("merchant_id", "in", [MERCHANT, 5], "value/1"),
        ("currency", "eq", "gbp", "value"),
        ("currency", "eq", "XXX", "value"),
        ("amount", "gte", "ten", "value"),
        ("amount", "gte", -1, "value"),
        ("amount", "in", "10", "value"),
        ("amount", "eq", ["10"], "value"),
        ("weekday", "eq", 0, "value"),
        ("weekday", "eq", 8, "value"),
        ("weekday", "eq", "sunday", "value"),
        ("hour", "in", [], "value"),
        ("hour", "in", [24], "value/0"),
        ("member_age_days", "gte", "30", "value"),
        ("member_age_days", "gte", True, "value"),
    ],
)
def test_conditions_that_are_refused(field: str, op: str, value: object, expected: str) -> None:
    assert pointers(conditions=[{"field": field, "op": op, "value": value}]) == [f"/conditions/0/{expected}"]


def test_a_multiplier_is_for_the_whole_order_only() -> None:
    effect, scope = {"type": "multiplier", "factor": 2}, {"type": "category", "values": ["MILK"]}
    assert pointers(effect=effect, scope=scope) == ["/scope/type"]


def test_everything_wrong_is_told_at_once() -> None:
    found = pointers(name="", effect={"type": "fixed"}, limits={"budget_points": 0}, colour="red")
    assert found == ["/name", "/effect/points", "/limits/budget_points", "/colour"]


def test_too_many_conditions_or_values_are_refused() -> None:
    condition = {"field": "hour", "op": "eq", "value": 1}
    assert pointers(conditions=[condition] * 21) == ["/conditions"]
    assert pointers(scope={"type": "sku", "values": ["x"] * 10_001}) == ["/scope/values"]


@pytest.mark.parametrize("definition", [None, [], "rule", 5])
def test_a_definition_is_an_object(definition: Any) -> None:
    with pytest.raises(InvalidRule) as refusal:
        parse_rule(definition)
    assert [pointer for pointer, _ in refusal.value.errors] == [""]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["name", "effect", "scope", "conditions", "window", "limits", "priority", "type", "values"])


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(keys, json_values | st.dictionaries(keys, json_values)))
def test_any_json_is_read_or_refused_with_reasons(definition: dict[str, Any]) -> None:
    try:
        parse_rule(definition)
    except InvalidRule as invalid:
        reasons = invalid.errors
    else:
        reasons = [("", "read")]
    assert reasons


def test_a_rule_for_events_asks_about_their_fields() -> None:
    rule = parse_rule(
        {
            "name": "Review",
            "trigger": "event.recorded",
            "event_type": "review.written",
            "effect": {"type": "fixed", "points": 20},
            "conditions": [
                {"field": "fields.stars", "op": "gte", "value": "3.5"},
                {"field": "fields.verified", "op": "eq", "value": True},
                {"field": "fields.channel", "op": "in", "value": ["app", "web"]},
            ],
        }
    )
    assert parse_rule(rule.to_json()) == rule
    assert rule.to_json()["event_type"] == "review.written"


EVENT_RULE: dict[str, Any] = {
    "trigger": "event.recorded",
    "event_type": "review.written",
    "effect": {"type": "fixed", "points": 20},
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"event_type": None}, ["/event_type"]),
        ({"event_type": "Review"}, ["/event_type"]),
        ({"effect": EARN}, ["/effect/type"]),
        ({"scope": {"type": "sku", "values": ["a"]}}, ["/scope"]),
        ({"conditions": [{"field": "amount", "op": "gte", "value": 1}]}, ["/conditions/0/field"]),
        ({"conditions": [{"field": "fields.", "op": "eq", "value": 1}]}, ["/conditions/0/field"]),
        ({"conditions": [{"field": "fields.stars", "op": "gte", "value": "x"}]}, ["/conditions/0/value"]),
        ({"trigger": "transaction.recorded"}, ["/event_type"]),
    ],
)
def test_what_an_event_cannot_have_is_refused(changes: dict[str, Any], expected: list[str]) -> None:
    assert pointers(**{**EVENT_RULE, **changes}) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"conditions": [{"field": "purchase_number", "op": "multiple_of", "value": 0}]}, ["/conditions/0/value"]),
        ({"conditions": [{"field": "amount", "op": "multiple_of", "value": 2}]}, ["/conditions/0/op"]),
        ({"conditions": [{"field": "birthday", "op": "gte", "value": True}]}, ["/conditions/0/op"]),
        ({"conditions": [{"field": "fields.stars", "op": "eq", "value": 1}]}, ["/conditions/0/field"]),
        ({"scope": {"type": "order", "except": {"sku": ["a"]}}}, ["/scope/except/sku"]),
        (
            {"scope": {"type": "order", "except": {"skus": ["a"]}}, "effect": {"type": "multiplier", "factor": 2}},
            ["/scope/except"],
        ),
    ],
)
def test_what_the_newer_fields_refuse(changes: dict[str, Any], expected: list[str]) -> None:
    assert pointers(**changes) == expected
