"""Points leave soonest-expiry first, and no point appears or disappears."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.lots import InsufficientPoints, Lot, LotDraw, consume, unexpired

AT = datetime(2017, 3, 5, tzinfo=UTC)
expiries = st.none() | st.integers(-3, 3).map(lambda days: AT + timedelta(days=days))


@st.composite
def lots_of_one_wallet(draw: st.DrawFn) -> list[Lot]:
    ids = draw(st.lists(st.integers(1, 1_000), unique=True, max_size=8))
    return [Lot(lot_id, draw(st.integers(0, 50)), draw(expiries)) for lot_id in ids]


@given(lots_of_one_wallet(), st.data())
def test_exactly_the_points_are_drawn_and_no_lot_gives_more_than_it_has(lots: list[Lot], data: st.DataObject) -> None:
    points = data.draw(st.integers(0, sum(lot.remaining for lot in lots)))
    draws = {draw.lot_id: draw.points for draw in consume(lots, points)}
    assert sum(draws.values()) == points
    assert all(0 < draws.get(lot.lot_id, 1) <= max(lot.remaining, 1) for lot in lots)


@given(lots_of_one_wallet(), st.data())
def test_a_lot_is_touched_only_when_all_before_it_are_empty(lots: list[Lot], data: st.DataObject) -> None:
    points = data.draw(st.integers(0, sum(lot.remaining for lot in lots)))
    draws = {draw.lot_id: draw.points for draw in consume(lots, points)}
    never = datetime.max.replace(tzinfo=UTC)
    ordered = sorted(lots, key=lambda lot: (lot.expires_at or never, lot.lot_id))
    left = [lot.remaining - draws.get(lot.lot_id, 0) for lot in ordered]
    last_drawn = max((place for place, lot in enumerate(ordered) if lot.lot_id in draws), default=0)
    assert not any(left[:last_drawn])


@given(lots_of_one_wallet(), st.integers(1, 100))
def test_too_many_points_are_refused_with_what_is_missing(lots: list[Lot], missing: int) -> None:
    with pytest.raises(InsufficientPoints) as refusal:
        consume(lots, sum(lot.remaining for lot in lots) + missing)
    assert refusal.value.points_missing == missing
    assert refusal.value.data == {"points_missing": missing}


@given(lots_of_one_wallet(), st.randoms(use_true_random=False))
def test_the_order_in_which_lots_are_given_does_not_matter(lots: list[Lot], random: object) -> None:
    points = sum(lot.remaining for lot in lots) // 2
    assert consume(list(reversed(lots)), points) == consume(lots, points)


def test_lots_of_the_same_expiry_are_drawn_oldest_first_and_endless_ones_last() -> None:
    lots = [Lot(4, 10), Lot(3, 10, AT), Lot(2, 10, AT), Lot(1, 10, AT + timedelta(days=1))]
    assert consume(lots, 35) == [LotDraw(2, 10), LotDraw(3, 10), LotDraw(1, 10), LotDraw(4, 5)]


def test_nothing_is_drawn_for_nothing() -> None:
    assert consume([Lot(1, 10)], 0) == []
    with pytest.raises(ValueError, match="cannot draw -1"):
        consume([Lot(1, 10)], -1)


def test_a_lot_expires_at_the_instant_it_names() -> None:
    lots = [Lot(1, 10, AT), Lot(2, 10, AT + timedelta(microseconds=1)), Lot(3, 10)]
    assert [lot.lot_id for lot in unexpired(lots, AT)] == [2, 3]
