"""When points become available and expire: by the calendar of the program's time zone, daylight saving included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.terms import Expiry, ExpiryMode, PointsTerms

LONDON = ZoneInfo("Europe/London")
ZONES = st.sampled_from(["UTC", "Europe/London", "Pacific/Apia", "America/New_York", "Asia/Kathmandu"]).map(ZoneInfo)
EXPIRIES = st.one_of(
    st.builds(Expiry, st.sampled_from([ExpiryMode.MONTHS, ExpiryMode.ROLLING]), months=st.integers(1, 120)),
    st.builds(
        Expiry,
        st.just(ExpiryMode.FIXED_DAY),
        month=st.integers(1, 12),
        day=st.integers(1, 28),
        years=st.integers(0, 10),
    ),
    st.builds(Expiry, st.just(ExpiryMode.END_OF_YEAR), years=st.integers(0, 10)),
)
MOMENTS = st.integers(0, 8_000 * 365).map(lambda days: datetime(1900, 1, 2, 11, 30, tzinfo=UTC) + timedelta(days=days))


@pytest.mark.parametrize(
    ("expiry", "earned", "expires"),
    [
        (Expiry(ExpiryMode.MONTHS, months=12), "2017-03-05T12:00Z", "2018-03-05T23:59:59.999999Z"),
        (Expiry(ExpiryMode.MONTHS, months=1), "2017-01-31T12:00Z", "2017-02-28T23:59:59.999999Z"),
        (Expiry(ExpiryMode.MONTHS, months=12), "2016-02-29T12:00Z", "2017-02-28T23:59:59.999999Z"),
        (Expiry(ExpiryMode.MONTHS, months=3), "2017-04-15T12:00Z", "2017-07-15T22:59:59.999999Z"),
        (Expiry(ExpiryMode.MONTHS, months=1), "2017-07-31T23:30Z", "2017-09-01T22:59:59.999999Z"),
        (Expiry(ExpiryMode.END_OF_YEAR), "2017-12-31T23:59Z", "2017-12-31T23:59:59.999999Z"),
        (Expiry(ExpiryMode.END_OF_YEAR, years=1), "2017-01-01T00:00Z", "2018-12-31T23:59:59.999999Z"),
        (Expiry(ExpiryMode.FIXED_DAY, month=3, day=31), "2017-03-31T12:00Z", "2017-03-31T22:59:59.999999Z"),
        (Expiry(ExpiryMode.FIXED_DAY, month=3, day=31), "2017-04-01T12:00Z", "2018-03-31T22:59:59.999999Z"),
    ],
)
def test_points_live_to_the_end_of_their_last_day_in_london(expiry: Expiry, earned: str, expires: str) -> None:
    gone_at = PointsTerms(0, expiry).expires_at(datetime.fromisoformat(earned), LONDON)
    assert gone_at == datetime.fromisoformat(expires) + timedelta(microseconds=1)


@given(EXPIRIES, ZONES, MOMENTS)
def test_points_never_expire_before_they_are_earned(expiry: Expiry, zone: ZoneInfo, earned_at: datetime) -> None:
    gone_at = PointsTerms(0, expiry).expires_at(earned_at, zone)
    assert gone_at is None or gone_at > earned_at


@given(EXPIRIES, ZONES, MOMENTS, st.timedeltas(timedelta(), timedelta(days=900)))
def test_what_is_earned_later_never_expires_earlier(
    expiry: Expiry, zone: ZoneInfo, earned_at: datetime, later: timedelta
) -> None:
    terms = PointsTerms(0, expiry)
    first = terms.expires_at(earned_at, zone)
    second = terms.expires_at(min(earned_at + later, datetime(9990, 1, 1, tzinfo=UTC)), zone)
    assert second is None or (first is not None and (second >= first or later < timedelta(days=1)))


def test_without_a_period_points_are_available_at_once_and_for_ever() -> None:
    at = datetime(2017, 3, 5, 12, tzinfo=UTC)
    assert PointsTerms().pending_until(at) is None
    assert PointsTerms().expires_at(at, LONDON) is None
    assert PointsTerms(14).pending_until(at) == at + timedelta(days=14)
