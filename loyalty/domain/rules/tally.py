"""The exact part of an evaluation: what each rule that takes part contributes, before anything is rounded.

A rule's seat is its place among the rules that take part, in order of precedence. The invariant: `total` is the sum of
the contributions, and no contribution is negative.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from loyalty.domain.rules.compiled import CompiledRule
from loyalty.domain.rules.receipt import Cut, Limit, ReceiptMultiplier, ReceiptTier

_NOTHING = Fraction(0)


class Tally:
    """Call contribute once for each rule that earns points itself, then multiply, then apply_tier."""

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self._rules = rules
        self.contributions = [_NOTHING] * len(rules)
        self.total = _NOTHING
        self.cuts: list[Cut] = []

    def contribute(self, seat: int, points: Fraction) -> Fraction:
        """Counts what a rule earned, up to its points_per_transaction. Returns what counted."""
        counted = self._capped(seat, points)
        self.contributions[seat] = counted
        self.total += counted
        return counted

    def multiply(self, seats: Iterable[int]) -> tuple[ReceiptMultiplier, ...]:
        """Multiplies the total by each multiplier in turn; what one adds is its contribution, up to its limit.

        A factor below 1 adds nothing: it makes every contribution so far smaller in proportion.
        """
        return tuple(self._multiply_once(seat, self._rules[seat].number) for seat in seats)

    def apply_tier(self, code: str | None, multiplier: Fraction) -> ReceiptTier:
        """Multiplies every contribution: a tier is no rule, what it adds belongs to the rules in proportion."""
        return ReceiptTier(code, multiplier, self._scale(multiplier))

    def _multiply_once(self, seat: int, factor: Fraction) -> ReceiptMultiplier:
        extra = self._scale(factor) if factor < 1 else self.contribute(seat, self.total * (factor - 1))
        return ReceiptMultiplier(seat, factor, extra)

    def _scale(self, factor: Fraction) -> Fraction:
        """Multiplies every contribution; returns what that adds to the total."""
        if factor == 1:
            return _NOTHING
        extra = self.total * (factor - 1)
        self.contributions = [points * factor for points in self.contributions]
        self.total += extra
        return extra

    def _capped(self, seat: int, points: Fraction) -> Fraction:
        most = self._rules[seat].definition.limits.points_per_transaction
        if most is None or points <= most:
            return points
        self.cuts.append(Cut(seat, Limit.POINTS_PER_TRANSACTION, points - most))
        return Fraction(most)
