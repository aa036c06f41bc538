"""Windows, weekdays, hours, ages and periods: by the transaction's own time in the program's time zone."""

from datetime import date
from typing import Any

import pytest

from loyalty.domain.award import Counter, UsageKey
from loyalty.domain.periods import Period, period_key
from tests.unit.domain.cases import build, evaluate, rule_id

LONDON = {"time_zone": "Europe/London"}


def awarded(at: str, rule: dict[str, Any], program: dict[str, str] | None = None, **member: Any) -> bool:
    rules = [{"name": "r", "effect": {"type": "fixed", "points": 1}, **rule}]
    case = {"program": program or LONDON, "member": member, "rules": rules}
    return evaluate({**case, "purchase": {"amount": "1.00", "occurred_at": at}}).points == 1


def when(field: str, op: str, value: object) -> dict[str, Any]:
    return {"conditions": [{"field": field, "op": op, "value": value}]}


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2017-03-04T23:59:59.999999Z", False),
        ("2017-03-05T00:00:00Z", True),
        ("2017-03-05T01:00:00+01:00", True),
        ("2017-03-05T23:59:59.999999Z", True),
        ("2017-03-06T00:00:00Z", False),
    ],
)
def test_a_window_includes_its_start_and_not_its_end(at: str, inside: bool) -> None:
    window = {"window": {"starts_at": "2017-03-05T00:00:00Z", "ends_at": "2017-03-06T00:00:00Z"}}
    assert awarded(at, window) is inside


@pytest.mark.parametrize(
    ("at", "hour"),
    [
        ("2017-03-26T00:59:59Z", 0),
        ("2017-03-26T01:00:00Z", 2),  # the clocks go forward: there is no 01:30 on this day
        ("2017-10-29T00:30:00Z", 1),  # 01:30, summer time
        ("2017-10-29T01:30:00Z", 1),  # 01:30 again, winter time
        ("2017-10-29T02:00:00Z", 2),
    ],
)
def test_hours_follow_daylight_saving(at: str, hour: int) -> None:
    assert [one for one in range(24) if awarded(at, when("hour", "eq", one))] == [hour]


@pytest.mark.parametrize(
    ("at", "zone", "weekday"),
    [
        ("2017-03-05T23:30:00Z", "UTC", 7),
        ("2017-03-05T23:30:00Z", "Pacific/Auckland", 1),
        ("2017-03-06T03:30:00Z", "America/New_York", 7),
        ("2017-07-01T22:59:59Z", "Europe/London", 6),
        ("2017-07-01T23:00:00Z", "Europe/London", 7),
    ],
)
def test_weekdays_are_local_and_iso(at: str, zone: str, weekday: int) -> None:
    days = [day for day in range(1, 8) if awarded(at, when("weekday", "eq", day), {"time_zone": zone})]
    assert days == [weekday]


@pytest.mark.parametrize(
    ("joined", "at", "days"),
    [
        ("2017-03-05T23:59:00Z", "2017-03-06T00:01:00Z", 1),
        ("2017-03-05T00:01:00Z", "2017-03-05T23:59:00Z", 0),
        ("2017-06-30T22:59:00Z", "2017-06-30T23:01:00Z", 1),  # midnight in London
        ("2017-03-25T12:00:00Z", "2017-03-26T11:30:00Z", 1),  # a day of 23 hours
        ("2018-01-01T00:00:00Z", "2017-03-06T00:00:00Z", 0),  # a purchase from before the member joined
    ],
)
def test_a_members_age_counts_local_midnights(joined: str, at: str, days: int) -> None:
    assert awarded(at, when("member_age_days", "eq", days), joined_at=joined)


@pytest.mark.parametrize(
    ("period", "day", "key"),
    [
        (Period.DAY, date(2017, 3, 5), "2017-03-05"),
        (Period.WEEK, date(2017, 3, 5), "2017-W09"),
        (Period.WEEK, date(2017, 3, 6), "2017-W10"),
        (Period.WEEK, date(2017, 1, 1), "2016-W52"),
        (Period.WEEK, date(2018, 12, 31), "2019-W01"),
        (Period.MONTH, date(2017, 3, 5), "2017-03"),
        (Period.DAY, date(999, 1, 1), "0999-01-01"),
        (Period.MONTH, date(999, 1, 1), "0999-01"),
        (Period.EVER, date(2017, 3, 5), "ever"),
    ],
)
def test_period_keys(period: Period, day: date, key: str) -> None:
    assert period_key(period, day) == key


def test_counters_are_of_the_local_period() -> None:
    limits = {"points_per_member": {"points": 5, "period": "month"}, "budget_points": 7}
    rules = [{"name": "r", "effect": {"type": "fixed", "points": 1}, "limits": limits}]
    built = build(
        {"program": LONDON, "rules": rules, "purchase": {"amount": "1.00", "occurred_at": "2017-06-30T23:30:00Z"}}
    )
    assert built.ruleset.usage_keys(built.purchase) == (
        UsageKey(rule_id("r"), Counter.MEMBER, "2017-07"),
        UsageKey(rule_id("r"), Counter.BUDGET, "ever"),
    )


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"conditions": [{"field": "hour", "op": "eq", "value": 12}]}, True),
        ({"conditions": [{"field": "hour", "op": "eq", "value": 13}]}, False),
        ({"conditions": [{"field": "tier", "op": "eq", "value": "gold"}]}, True),
        ({"window": {"ends_at": "2017-03-05T12:00:00Z"}}, False),
        ({"scope": {"type": "sku", "values": ["milk"]}}, True),
        ({"scope": {"type": "sku", "values": ["wine"]}}, False),
    ],
)
def test_only_counters_that_a_purchase_can_move_are_named(changes: dict[str, Any], asked: bool) -> None:
    rule = {"name": "r", "effect": {"type": "fixed", "points": 1}, "limits": {"budget_points": 7}, **changes}
    purchase = {"amount": "1.00", "occurred_at": "2017-03-05T12:00:00Z", "items": [{"amount": "1.00", "sku": "milk"}]}
    built = build({"rules": [rule], "purchase": purchase})
    assert bool(built.ruleset.usage_keys(built.purchase)) is asked
