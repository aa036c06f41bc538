"""Windows, weekdays, hours, ages and periods: by the transaction's own time in the program's time zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    ("born", "day", "birthday"),
    [
        ("1990-03-05", "2017-03-05", True),
        ("1990-03-05", "2017-03-06", False),
        ("1996-02-29", "2016-02-29", True),
        ("1996-02-29", "2016-02-28", False),
        ("1996-02-29", "2017-02-28", True),
        ("1996-02-29", "1900-02-28", True),  # 1900 was no leap year
        (None, "2017-03-05", False),
    ],
)
def test_a_birthday_comes_every_year(born: str | None, day: str, birthday: bool) -> None:
    assert awarded(f"{day}T12:00:00Z", when("birthday", "eq", True), birth_date=born) is birthday


def test_a_birthday_begins_at_midnight_where_the_program_is() -> None:
    born = "1990-07-01"
    assert not awarded("2017-06-30T22:59:59Z", when("birthday", "eq", True), birth_date=born)
    assert awarded("2017-06-30T23:00:00Z", when("birthday", "eq", True), birth_date=born)
    assert not awarded("2017-06-30T22:59:59Z", when("birthday_month", "eq", True), birth_date=born)


ZONES_WITH_CHANGES = [
    "Europe/London",
    "America/New_York",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "America/Santiago",
]


def changes_of_the_clock(zone: ZoneInfo, year: int) -> list[datetime]:
    """The UTC half hours of a year at which the zone's offset changes."""
    first, half_hour = datetime(year, 1, 1, tzinfo=UTC), timedelta(minutes=30)
    steps = [first + half_hour * number for number in range(366 * 48)]
    return [
        later for at, later in pairwise(steps) if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset()
    ]


CHANGES = {name: changes_of_the_clock(ZoneInfo(name), 2017) for name in ZONES_WITH_CHANGES}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ZONES_WITH_CHANGES), st.data(), st.integers(-90_000, 90_000))
def test_local_time_around_a_change_of_the_clock(name: str, data: st.DataObject, seconds: int) -> None:
    """An instant has one hour, one weekday and one day of limits, also in an hour that comes twice or never."""
    at = data.draw(st.sampled_from(CHANGES[name])) + timedelta(seconds=seconds)
    program = {"time_zone": name}
    local = datetime.fromtimestamp(at.timestamp(), ZoneInfo(name))
    moment = at.isoformat()
    assert [hour for hour in range(24) if awarded(moment, when("hour", "eq", hour), program)] == [local.hour]
    assert [day for day in range(1, 8) if awarded(moment, when("weekday", "eq", day), program)] == [local.isoweekday()]
    limits = {"points_per_member": {"points": 5, "period": "day"}}
    rules = [{"name": "r", "effect": {"type": "fixed", "points": 1}, "limits": limits}]
    built = build({"program": program, "rules": rules, "purchase": {"amount": "1.00", "occurred_at": moment}})
    assert built.ruleset.usage_keys(built.purchase)[0].period_key == local.date().isoformat()


@pytest.mark.parametrize("name", ZONES_WITH_CHANGES)
def test_an_hour_that_comes_twice_is_the_same_hour_twice(name: str) -> None:
    """Two changes a year: one leaves a gap in the local time, the other folds it."""
    assert len(CHANGES[name]) == 2
    gap, fold = sorted(CHANGES[name], key=lambda at: at.astimezone(ZoneInfo(name)).fold)
    before, after = (gap - timedelta(seconds=1)).astimezone(ZoneInfo(name)), gap.astimezone(ZoneInfo(name))
    assert after.replace(tzinfo=None) - before.replace(tzinfo=None) > timedelta(seconds=1)
    again, first = fold.astimezone(ZoneInfo(name)), (fold - timedelta(seconds=1)).astimezone(ZoneInfo(name))
    assert again.replace(tzinfo=None) < first.replace(tzinfo=None)
    for moment in (first, again):
        assert awarded(moment.isoformat(), when("hour", "eq", moment.hour), {"time_zone": name})


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
