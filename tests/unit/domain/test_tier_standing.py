"""How members come to a tier, keep it and lose it: by what counts at a moment, and by nothing else."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.tiers import (
    Downgrade,
    QualifyingPeriod,
    Risk,
    Standing,
    Tier,
    TierPolicy,
    climbing,
    ladder,
    qualifying,
    risk,
    settle,
)

LADDER = ladder(
    [
        Tier("base", "Member", 0, 0),
        Tier("silver", "Silver", 1, 500, Decimal("1.25")),
        Tier("gold", "Gold", 5, 2_000, Decimal("1.5")),
        Tier("black", "Black", 6, 5_000, Decimal(2)),
    ]
)
NOW = datetime(2017, 3, 5, 12, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
YEAR, ROLLING, EVER = (
    QualifyingPeriod.CALENDAR_YEAR,
    QualifyingPeriod.ROLLING_12_MONTHS,
    QualifyingPeriod.LIFETIME,
)

totals = st.integers(0, 6_000)
codes = st.sampled_from([tier.code for tier in LADDER.tiers])
policies = st.builds(
    TierPolicy,
    period=st.sampled_from(QualifyingPeriod),
    grace_days=st.sampled_from([0, 30]),
    downgrade=st.sampled_from(Downgrade),
)
graces = st.none() | st.integers(-40, 40).map(lambda days: NOW + timedelta(days=days))
months = st.dictionaries(st.dates(date(2014, 1, 1), date(2017, 6, 30)).map(lambda day: day.replace(day=1)), totals)


def rank(code: str) -> int:
    return LADDER.tier(code).rank


@given(policies, codes, graces, totals)
def test_a_tier_is_never_below_what_the_total_qualifies_for(
    policy: TierPolicy, code: str, grace: datetime | None, total: int
) -> None:
    after = settle(LADDER, policy, Standing(code, grace), total, NOW)
    assert rank(after.code) >= LADDER.reached(total).rank
    assert rank(after.code) <= max(rank(code), LADDER.reached(total).rank)


@given(policies, codes, graces, totals)
def test_settling_twice_at_one_moment_is_settling_once(
    policy: TierPolicy, code: str, grace: datetime | None, total: int
) -> None:
    """But for steps down without any grace, of which each settling takes one."""
    after = settle(LADDER, policy, Standing(code, grace), total, NOW)
    if policy.downgrade is not Downgrade.ONE_STEP or policy.grace_days:
        assert settle(LADDER, policy, after, total, NOW) == after


@given(policies, codes, graces, totals)
def test_who_qualifies_has_no_grace_to_run_out(
    policy: TierPolicy, code: str, grace: datetime | None, total: int
) -> None:
    after = settle(LADDER, policy, Standing(code, grace), total, NOW)
    if LADDER.reached(total).code == after.code:
        assert after.grace_until is None
    if after.grace_until is not None:
        assert after.grace_until > NOW


@given(policies, months)
def test_only_months_up_to_this_one_count(policy: TierPolicy, counted: dict[date, int]) -> None:
    later = {month: amount for month, amount in counted.items() if month > date(2017, 3, 1)}
    before = {month: amount for month, amount in counted.items() if month not in later}
    assert qualifying(policy.period, counted, NOW.date()) == qualifying(policy.period, before, NOW.date())
    assert climbing(policy.period, counted, NOW.date()) <= qualifying(policy.period, counted, NOW.date())


def test_up_at_once_and_as_far_as_it_reaches() -> None:
    assert settle(LADDER, TierPolicy(), Standing("base"), 2_500, NOW) == Standing("gold")


def test_a_grace_begins_runs_and_ends() -> None:
    policy = TierPolicy(grace_days=30)
    begun = settle(LADDER, policy, Standing("gold"), 600, NOW)
    assert begun == Standing("gold", NOW + timedelta(days=30))
    assert settle(LADDER, policy, begun, 600, NOW + timedelta(days=29)) == begun
    assert settle(LADDER, policy, begun, 2_000, NOW + timedelta(days=29)) == Standing("gold")
    assert settle(LADDER, policy, begun, 600, NOW + timedelta(days=30)) == Standing("silver")


def test_step_by_step_each_step_has_its_grace() -> None:
    policy = TierPolicy(grace_days=30, downgrade=Downgrade.ONE_STEP)
    over = NOW + timedelta(days=30)
    assert settle(LADDER, policy, Standing("black", over), 0, over) == Standing("gold", over + timedelta(days=30))
    at_once = TierPolicy(downgrade=Downgrade.ONE_STEP)
    assert settle(LADDER, at_once, Standing("black"), 0, NOW) == Standing("gold")


def test_never_down_is_never_down() -> None:
    policy = TierPolicy(downgrade=Downgrade.NEVER)
    assert settle(LADDER, policy, Standing("black"), 0, NOW) == Standing("black")


@pytest.mark.parametrize(
    ("period", "today", "total"),
    [
        (EVER, date(2017, 3, 5), 111),
        (EVER, date(2017, 4, 1), 1_111),
        (YEAR, date(2017, 3, 5), 110),  # what was reached in 2016 holds to the end of 2017
        (YEAR, date(2018, 12, 31), 1_000),
        (YEAR, date(2019, 1, 1), 0),
        (ROLLING, date(2017, 3, 31), 100),
        (ROLLING, date(2017, 4, 1), 1_100),
        (ROLLING, date(2017, 10, 31), 1_100),
        (ROLLING, date(2017, 11, 1), 1_000),
    ],
)
def test_what_counts(period: QualifyingPeriod, today: date, total: int) -> None:
    counted = {date(2015, 6, 1): 1, date(2016, 3, 1): 10, date(2016, 11, 1): 100, date(2017, 4, 1): 1_000}
    assert qualifying(period, counted, today) == total


def test_what_a_calendar_year_needs_to_keep_a_tier() -> None:
    policy = TierPolicy(period=YEAR, grace_days=10)
    counted = {date(2016, 5, 1): 2_500, date(2017, 2, 1): 300}
    found = risk(LADDER, policy, Standing("gold"), counted, NOW, LONDON)
    assert found == Risk(1_700, datetime(2018, 1, 11, tzinfo=UTC))
    assert risk(LADDER, policy, Standing("gold"), {date(2017, 2, 1): 2_000}, NOW, LONDON) is None
    assert climbing(YEAR, counted, NOW.date()) == 300


def test_what_a_month_that_falls_out_leaves_behind() -> None:
    counted = {date(2016, 4, 1): 400, date(2017, 1, 1): 200}
    found = risk(LADDER, TierPolicy(period=ROLLING), Standing("silver"), counted, NOW, LONDON)
    assert found == Risk(300, datetime(2017, 3, 31, 23, tzinfo=UTC))  # midnight in London's summer time


def test_in_grace_the_risk_is_its_end() -> None:
    until = NOW + timedelta(days=3)
    assert risk(LADDER, TierPolicy(), Standing("silver", until), {date(2017, 1, 1): 450}, NOW, LONDON) == Risk(
        50, until
    )


def test_who_cannot_fall_is_not_at_risk() -> None:
    assert risk(LADDER, TierPolicy(period=ROLLING), Standing("base"), {}, NOW, LONDON) is None
    never = TierPolicy(period=ROLLING, downgrade=Downgrade.NEVER)
    assert risk(LADDER, never, Standing("gold"), {}, NOW, LONDON) is None
