"""Points come back to where they came from: none is lost, none appears."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.lots import Lot
from loyalty.domain.returning import Taken, plan_return

AT = datetime(2017, 3, 5, tzinfo=UTC)
expiries = st.none() | st.integers(-3, 3).map(lambda days: AT + timedelta(days=days))


@st.composite
def taken_lots(draw: st.DrawFn) -> list[Taken]:
    ids = draw(st.lists(st.integers(1, 1_000), unique=True, min_size=1, max_size=6))
    return [Taken(Lot(lot_id, draw(st.integers(0, 9)), draw(expiries)), draw(st.integers(1, 50))) for lot_id in ids]


@given(taken_lots(), st.integers(0, 200), st.booleans())
def test_every_point_goes_somewhere_once(taken: list[Taken], owed: int, renew_expired: bool) -> None:
    plan = plan_return(taken, owed, AT, renew_expired=renew_expired)
    back = {draw.lot_id: -draw.points for draw in plan.draws}
    assert plan.paid == min(owed, sum(one.points for one in taken))
    assert plan.paid + sum(back.values()) + plan.renewed == sum(one.points for one in taken)
    assert all(0 < back[one.lot.lot_id] <= one.points for one in taken if one.lot.lot_id in back)
    assert sum(lot.remaining for lot in plan.lapsed) == sum(
        back.get(one.lot.lot_id, 0) for one in taken if one.lot.expires_at is not None and one.lot.expires_at <= AT
    )


@given(taken_lots())
def test_expired_lots_get_nothing_back_where_their_points_are_renewed(taken: list[Taken]) -> None:
    plan = plan_return(taken, 0, AT, renew_expired=True)
    expired = {one.lot.lot_id for one in taken if one.lot.expires_at is not None and one.lot.expires_at <= AT}
    assert not expired & {draw.lot_id for draw in plan.draws}
    assert plan.lapsed == ()
    assert plan.renewed == sum(one.points for one in taken if one.lot.lot_id in expired)


def test_what_expires_soonest_pays_what_is_owed() -> None:
    soon, late = Lot(1, 0, AT + timedelta(days=1)), Lot(2, 0, AT + timedelta(days=9))
    plan = plan_return([Taken(late, 10), Taken(soon, 10)], 12, AT, renew_expired=False)
    assert [(draw.lot_id, draw.points) for draw in plan.draws] == [(2, -8)]
