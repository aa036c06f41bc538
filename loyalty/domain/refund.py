"""What a refund takes back: in proportion, and exactly.

A purchase's points belong to its lines: what a rule gave is divided over the lines it claimed, by what each brought in.
A refund of lines takes what belongs to them; a refund of an amount takes from every line in proportion to what is left
of it. Invariant: however a purchase is refunded, in whatever parts and order, all its refunds together take back what
was awarded, and none takes less than nothing. It follows from reckoning each refund as the difference of two sums: what
all refunds up to it take back, rounded down, less what all before it do.

Money that a line cannot take, because a refund of an amount has taken some of it already, comes off the other lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from loyalty.errors import Conflict, having


class RefundExceedsPurchase(Conflict):
    """More is to be refunded than is left of the purchase."""

    code = "refund_exceeds_purchase"
    members = having(refundable=str)


@dataclass(frozen=True, slots=True)
class RefundPart:
    """Minor units refunded for one line; `line` is its place in the basket."""

    line: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Refund:
    """Minor units refunded. Without parts they are for the purchase as a whole, else the parts sum to them."""

    amount_minor: int
    parts: tuple[RefundPart, ...] = ()


@dataclass(frozen=True, slots=True)
class AwardedPurchase:
    """What there is to take back. A purchase without a basket is one line; `weights` say whose the points are."""

    points: int
    amounts_minor: tuple[int, ...]
    weights: tuple[Fraction, ...]

    @property
    def amount_minor(self) -> int:
        return sum(self.amounts_minor)


def points_due(purchase: AwardedPurchase, refunds: Sequence[Refund]) -> list[int]:
    """The points that each of the refunds, in their order, takes back. Raises RefundExceedsPurchase."""
    refunded = [Fraction(0)] * len(purchase.amounts_minor)
    taken = [0]
    for refund in refunds:
        _apply(refund, purchase.amounts_minor, refunded)
        taken.append(_points_of(purchase, refunded))
    return [later - earlier for earlier, later in pairwise(taken)]


def line_weights(receipt: Mapping[str, Any], amounts_minor: Sequence[int]) -> tuple[Fraction, ...]:
    """Whose the points of an award are, by its receipt in JSON; in proportion to the amounts where it does not say."""
    count = len(amounts_minor)
    weights = [Fraction(0)] * count
    lines = receipt["lines"]
    if len(lines) != count:
        return tuple(map(Fraction, amounts_minor))
    for seat, rule in enumerate(receipt["rules"]):
        claims = [
            sum((Fraction(p["points"]) for p in line["rules"] if p["rule"] == seat), Fraction()) for line in lines
        ]
        _share_out(weights, rule["points"], claims if any(claims) else amounts_minor)
    return tuple(weights) if any(weights) else tuple(map(Fraction, amounts_minor))


def _share_out(weights: list[Fraction], points: int, claims: Sequence[Fraction | int]) -> None:
    whole = sum(claims)
    for place, claim in enumerate(claims):
        weights[place] += Fraction(points * claim) / whole if whole else 0


def _apply(refund: Refund, amounts_minor: Sequence[int], refunded: list[Fraction]) -> None:
    left_over = Fraction(refund.amount_minor)
    for part in refund.parts:
        taken = min(Fraction(part.amount_minor), amounts_minor[part.line] - refunded[part.line])
        refunded[part.line] += taken
        left_over -= taken
    left = [amount - done for amount, done in zip(amounts_minor, refunded, strict=True)]
    if left_over > sum(left):
        raise RefundExceedsPurchase
    if left_over:
        portion = left_over / sum(left)
        refunded[:] = [done + portion * rest for done, rest in zip(refunded, left, strict=True)]


def _points_of(purchase: AwardedPurchase, refunded: Sequence[Fraction]) -> int:
    if sum(refunded) == purchase.amount_minor or not purchase.points:
        return purchase.points
    parts = zip(purchase.weights, purchase.amounts_minor, refunded, strict=True)
    taken = sum((weight * done / amount for weight, amount, done in parts if amount), Fraction())
    return purchase.points * taken // sum(purchase.weights)
