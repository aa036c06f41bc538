"""Generated cases of the earning rules: small worlds in which rules meet, tie and run into their limits often."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from loyalty.domain.money import EXPONENTS, from_minor
from tests.unit.domain.cases import MERCHANT

OTHER_MERCHANT = "01920000-0000-7000-8000-000000000002"
ZONES = ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]
SKUS, CATEGORIES, TIERS = ["s1", "s2", "s3"], ["c1", "c2"], ["silver", "gold"]
RATES = ["0", "1", "2", "0.5", "1.25", "3", "0.3333"]
PERS = ["1", "2", "3", "7", "10", "0.5", "0.01"]
FACTORS = ["2", "3", "1.5", "1", "0.5", "1.3333"]
NEW_YEAR = datetime(2017, 1, 1, tzinfo=UTC)
MIDDLE = datetime(2017, 3, 26, 1, 0, tzinfo=UTC)
"""London's clocks go forward at this instant."""

moments = st.one_of(
    st.sampled_from([MIDDLE + timedelta(hours=hours) for hours in range(-26, 27)]),
    st.integers(0, 364 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)),
).map(lambda moment: moment.isoformat())
edges = st.one_of(moments, st.sampled_from([MIDDLE.isoformat()]))


def one_or_some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    single = st.fixed_dictionaries({"op": st.sampled_from(["eq", "ne"]), "value": values})
    several = st.fixed_dictionaries(
        {"op": st.sampled_from(["in", "not_in"]), "value": st.lists(values, min_size=1, max_size=3)}
    )
    return single | several


def ordered(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    compared = st.fixed_dictionaries({"op": st.sampled_from(["gte", "lte"]), "value": values})
    return one_or_some(values) | compared


_OPERANDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "merchant_id": one_or_some(st.sampled_from([MERCHANT, OTHER_MERCHANT])),
    "amount": ordered(st.sampled_from(["0", "1", "10", "10.5", "250"])),
    "scope_amount": ordered(st.sampled_from(["0", "1", "10", "10.5", "50"])),
    "purchase_number": ordered(st.integers(1, 6))
    | st.fixed_dictionaries({"op": st.just("multiple_of"), "value": st.integers(1, 4)}),
    "birthday": st.fixed_dictionaries({"op": st.sampled_from(["eq", "ne"]), "value": st.booleans()}),
    "birthday_month": st.fixed_dictionaries({"op": st.sampled_from(["eq", "ne"]), "value": st.booleans()}),
    "tier": one_or_some(st.sampled_from(TIERS)),
    "currency": one_or_some(st.sampled_from(["GBP", "JPY"])),
    "first_purchase": st.fixed_dictionaries({"op": st.sampled_from(["eq", "ne"]), "value": st.booleans()}),
    "member_age_days": ordered(st.integers(0, 400)),
    "weekday": ordered(st.integers(1, 7)),
    "hour": ordered(st.integers(0, 23)),
}
conditions = st.sampled_from(sorted(_OPERANDS)).flatmap(
    lambda field: _OPERANDS[field].map(lambda rest: {"field": field, **rest})
)

exceptions = st.fixed_dictionaries(
    {
        "skus": st.lists(st.sampled_from(SKUS), max_size=2),
        "categories": st.lists(st.sampled_from(CATEGORIES), max_size=1),
    }
)
plain_scopes = st.one_of(
    st.just({"type": "order"}),
    st.fixed_dictionaries({"type": st.just("sku"), "values": st.lists(st.sampled_from(SKUS), min_size=1)}),
    st.fixed_dictionaries({"type": st.just("category"), "values": st.lists(st.sampled_from(CATEGORIES), min_size=1)}),
)
scopes = plain_scopes | st.builds(lambda scope, out: {**scope, "except": out}, plain_scopes, exceptions)
effects = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("points_per_amount"), "points": st.sampled_from(RATES), "per": st.sampled_from(PERS)}
    ),
    st.fixed_dictionaries({"type": st.just("fixed"), "points": st.integers(1, 100)}),
    st.fixed_dictionaries({"type": st.just("multiplier"), "factor": st.sampled_from(FACTORS)}),
)
limits = st.fixed_dictionaries(
    {},
    optional={
        "points_per_transaction": st.integers(1, 60),
        "points_per_member": st.fixed_dictionaries(
            {"points": st.integers(1, 200), "period": st.sampled_from(["day", "week", "month", "year", "ever"])}
        ),
        "budget_points": st.integers(1, 200),
    },
)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, str]:
    starts, ends = draw(st.none() | edges), draw(st.none() | edges)
    if starts and ends and datetime.fromisoformat(starts) >= datetime.fromisoformat(ends):
        ends = None
    given = {"starts_at": starts, "ends_at": ends}
    return {key: value for key, value in given.items() if value is not None}


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A rule without its name. About half of them have no condition, so that most cases award something."""
    effect = draw(effects)
    return {
        "effect": effect,
        "scope": {"type": "order"} if effect["type"] == "multiplier" else draw(scopes),
        "conditions": draw(st.just([]) | st.lists(conditions, max_size=2)),
        "window": draw(st.just({}) | windows()),
        "priority": draw(st.integers(-1, 1)),
        "stackable": draw(st.sampled_from([True, True, False])),
        "limits": draw(st.just({}) | limits),
    }


@st.composite
def purchases(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(["GBP", "GBP", "JPY", "BHD"]))
    most = 10 ** EXPONENTS[currency] * 100
    amounts = draw(st.lists(st.integers(0, most), max_size=6))
    items = [
        {
            "sku": draw(st.sampled_from([*SKUS, "other", None])),
            "category": draw(st.sampled_from([*CATEGORIES, "other", None])),
            "amount": from_minor(amount, currency),
        }
        for amount in amounts
    ]
    total = sum(amounts) if amounts else draw(st.integers(0, most))
    return {
        "merchant_id": draw(st.sampled_from([MERCHANT, OTHER_MERCHANT])),
        "occurred_at": draw(moments),
        "amount": from_minor(total, currency),
        "currency": currency,
        "items": items,
    }


members = st.fixed_dictionaries(
    {
        "tier": st.sampled_from([*TIERS, None]),
        "tier_multiplier": st.sampled_from(["1", "1", "1.25", "2", "0.5"]),
        "joined_at": moments,
        "purchases_before": st.integers(0, 8),
        "birth_date": st.none()
        | st.dates(date(1950, 1, 1), date(2000, 12, 31)).map(date.isoformat)
        | st.sampled_from(["1996-02-29", "1980-03-25", "1980-03-26", "1980-03-27"]),
    }
)
used = st.fixed_dictionaries({"member": st.integers(0, 250), "budget": st.integers(0, 250)})


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    rules = [
        {"name": f"rule {number}", **definition}
        for number, definition in enumerate(draw(st.lists(definitions(), max_size=6)))
    ]
    return {
        "program": {
            "time_zone": draw(st.sampled_from(ZONES)),
            "rounding": draw(st.sampled_from(["down", "half_up", "up"])),
        },
        "member": draw(members),
        "rules": rules,
        "purchase": draw(purchases()),
        "usage": {rule["name"]: draw(used) for rule in rules if rule["limits"]},
    }
