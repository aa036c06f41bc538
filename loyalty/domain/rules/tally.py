"""The exact part of an evaluation: what each rule that takes part contributes, before anything is rounded.

A rule's seat is its place among the rules that take part, in order of precedence. The invariant: `total` is always the
sum of the contributions, and no contribution is negative.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from loyalty.domain.receipt import Cut, Limit, ReceiptMultiplier, ReceiptTier
from loyalty.domain.rules.compiled import CompiledRule

_NOTHING = Fraction(0)


class Tally:
    """Call add for what was earned, then cap, multiply and apply_tier, each once and in this order."""

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self.rules = rules
        self.contributions = [_NOTHING] * len(rules)
        self.cuts: list[Cut] = []

    @property
    def total(self) -> Fraction:
        return sum(self.contributions, _NOTHING)

    def add(self, seat: int, points: Fraction) -> None:
        self.contributions[seat] += points

    def cap(self) -> None:
        """Cuts what a rule contributed to its points_per_transaction."""
        for seat, points in enumerate(self.contributions):
            self.contributions[seat] = self._capped(seat, points)

    def multiply(self, seats: Iterable[int]) -> tuple[ReceiptMultiplier, ...]:
        """Multiplies the total by each multiplier in turn; what one adds is its contribution, up to its limit.

        A factor below 1 adds nothing: it makes every contribution so far smaller in proportion.
        """
        return tuple(self._multiply_once(seat, self.rules[seat].number) for seat in seats)

    def apply_tier(self, code: str | None, multiplier: Fraction) -> ReceiptTier:
        """Multiplies every contribution: a tier is no rule, what it adds belongs to the rules in proportion."""
        before = self.total
        self._scale(multiplier)
        return ReceiptTier(code, multiplier, self.total - before)

    def _multiply_once(self, seat: int, factor: Fraction) -> ReceiptMultiplier:
        before = self.total
        if factor < 1:
            self._scale(factor)
        else:
            self.add(seat, self._capped(seat, before * (factor - 1)))
        return ReceiptMultiplier(seat, factor, self.total - before)

    def _scale(self, factor: Fraction) -> None:
        if factor != 1:
            self.contributions = [points * factor for points in self.contributions]

    def _capped(self, seat: int, points: Fraction) -> Fraction:
        most = self.rules[seat].definition.limits.points_per_transaction
        if most is None or points <= most:
            return points
        self.cuts.append(Cut(seat, Limit.POINTS_PER_TRANSACTION, points - most))
        return Fraction(most)
