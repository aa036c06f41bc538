"""Refunds take back in proportion, and all of them together exactly what was awarded."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.refund import AwardedPurchase, Refund, RefundExceedsPurchase, RefundPart, line_weights, points_due
from loyalty.domain.reversal import OwnPoints, RefundPolicy, plan_reversal

weights = st.integers(0, 50).map(Fraction) | st.fractions(0, 20)


@st.composite
def purchases(draw: st.DrawFn) -> AwardedPurchase:
    amounts = draw(st.lists(st.integers(1, 2_000), min_size=1, max_size=5))
    lines = tuple(draw(weights) for _ in amounts)
    return AwardedPurchase(
        draw(st.integers(0, 500)), tuple(amounts), lines if any(lines) else tuple(map(Fraction, amounts))
    )


@st.composite
def refunds_of(draw: st.DrawFn, purchase: AwardedPurchase, *, whole: bool) -> list[Refund]:
    """Refunds by amount and by line, mixed, of all of the purchase or not."""
    made: list[Refund] = []
    left, of_line = purchase.amount_minor, list(purchase.amounts_minor)
    for _ in range(draw(st.integers(1, 6))):
        if not left:
            break
        line = draw(st.integers(0, len(of_line) - 1))
        most = min(left, of_line[line])
        if draw(st.booleans()) and most:
            amount = draw(st.integers(1, most))
            of_line[line] -= amount
            made.append(Refund(amount, (RefundPart(line, amount),)))
        else:
            amount = draw(st.integers(1, left))
            made.append(Refund(amount))
        left -= amount
    return [*made, Refund(left)] if whole and left else made


@given(purchases(), st.data())
def test_all_refunds_of_a_purchase_take_back_what_was_awarded(purchase: AwardedPurchase, data: st.DataObject) -> None:
    dues = points_due(purchase, data.draw(refunds_of(purchase, whole=True)))
    assert sum(dues) == purchase.points
    assert min(dues) >= 0


@given(purchases(), st.data())
def test_no_refund_takes_more_than_its_part_rounded_up(purchase: AwardedPurchase, data: st.DataObject) -> None:
    refunds = data.draw(refunds_of(purchase, whole=False))
    dues = points_due(purchase, refunds)
    assert min(dues) >= 0
    assert sum(dues) <= purchase.points
    assert points_due(purchase, refunds[:-1]) == dues[:-1]


@given(purchases(), st.data())
def test_by_amount_alone_it_is_the_plain_proportion_rounded_down(
    purchase: AwardedPurchase, data: st.DataObject
) -> None:
    amounts = data.draw(st.lists(st.integers(1, purchase.amount_minor), min_size=1, max_size=5))
    taken = 0
    refunds: list[Refund] = []
    for amount in amounts:
        if taken + amount <= purchase.amount_minor:
            taken += amount
            refunds.append(Refund(amount))
    assert sum(points_due(purchase, refunds)) == purchase.points * taken // purchase.amount_minor


@given(purchases(), st.data())
def test_more_than_was_paid_is_refused(purchase: AwardedPurchase, data: st.DataObject) -> None:
    refunds = data.draw(refunds_of(purchase, whole=True))
    with pytest.raises(RefundExceedsPurchase):
        points_due(purchase, [*refunds, Refund(1)])


def test_a_line_takes_back_what_it_earned() -> None:
    groceries_and_wine = AwardedPurchase(100, (9_000, 1_000), (Fraction(0), Fraction(100)))
    assert points_due(groceries_and_wine, [Refund(1_000, (RefundPart(1, 1_000),))]) == [100]
    assert points_due(groceries_and_wine, [Refund(9_000, (RefundPart(0, 9_000),)), Refund(1_000)]) == [0, 100]
    assert points_due(groceries_and_wine, [Refund(5_000), Refund(5_000)]) == [50, 50]


def test_a_purchase_of_nothing_gives_all_its_points_back_at_once() -> None:
    assert points_due(AwardedPurchase(40, (0,), (Fraction(0),)), [Refund(0)]) == [40]


def receipt(rules: Sequence[int], lines: Sequence[Sequence[tuple[int, str]]]) -> dict[str, object]:
    return {
        "rules": [{"points": points} for points in rules],
        "lines": [{"rules": [{"rule": seat, "points": points} for seat, points in line]} for line in lines],
    }


def test_points_belong_to_the_lines_that_the_rules_claimed() -> None:
    claimed = receipt([30, 10], [[(0, "10/3")], [(0, "20/3")], []])
    assert list(line_weights(claimed, (100, 200, 700))) == list(map(Fraction, [10 + 1, 20 + 2, 7]))
    assert list(line_weights(receipt([], [[], []]), (100, 300))) == list(map(Fraction, [100, 300]))
    assert list(line_weights(receipt([5], [[(0, "5")]]), (100, 300))) == list(map(Fraction, [100, 300]))


amounts = st.integers(0, 60)


@given(amounts, st.builds(OwnPoints, amounts, amounts, amounts), amounts, st.sampled_from(RefundPolicy))
def test_every_point_that_is_due_comes_from_somewhere(
    due: int, own: OwnPoints, more: int, policy: RefundPolicy
) -> None:
    plan = plan_reversal(due, own, own.available + more, policy)
    parts = (plan.pending, plan.own, plan.other, plan.owed, plan.lapsed, plan.let_go)
    assert sum(parts) == due
    assert min(parts) >= 0
    assert plan.pending <= own.pending
    assert plan.own <= own.available
    assert plan.other <= more
    if policy is not RefundPolicy.UNLIMITED:
        assert plan.owed == 0
    if policy is RefundPolicy.ONLY_PENDING:
        assert plan.available == plan.lapsed == 0
    if policy is RefundPolicy.UNLIMITED:
        assert plan.let_go == 0
    if plan.owed or plan.let_go:
        assert policy is RefundPolicy.ONLY_PENDING or plan.available == own.available + more
