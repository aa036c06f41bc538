"""The exact part of an evaluation: what each rule that takes part contributes, before anything is rounded.

A rule's seat is its place among the rules that take part, in order of precedence. Points are counted in grains (see
arithmetic); a factor that is no whole number makes them finer. The invariant: `total` is the sum of the contributions,
all of them are whole grains, and none is negative.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from loyalty.domain.exact import Exact
from loyalty.domain.rules.compiled import CompiledRule
from loyalty.domain.rules.receipt import Cut, Limit, ReceiptMultiplier, ReceiptTier

ONE = Exact(1, 1)


class Tally:
    """Call contribute once for each rule that earns points itself, then multiply, then apply_tier."""

    __slots__ = ("_rules", "contributions", "cuts", "grains_per_point", "total")

    def __init__(self, rules: Sequence[CompiledRule], grains_per_point: int) -> None:
        self._rules = rules
        self.grains_per_point = grains_per_point
        self.contributions = [0] * len(rules)
        self.total = 0
        self.cuts: list[Cut] = []

    def points(self, grains: int) -> Exact:
        return Exact(grains, self.grains_per_point)

    def contribute(self, seat: int, grains: int) -> int:
        """Counts what a rule earned, up to its points_per_transaction. Returns the grains that counted."""
        most = self._rules[seat].definition.limits.points_per_transaction
        if most is not None and grains > most * self.grains_per_point:
            over = grains - most * self.grains_per_point
            self.cuts.append(Cut(seat, Limit.POINTS_PER_TRANSACTION, self.points(over)))
            grains -= over
        self.contributions[seat] = grains
        self.total += grains
        return grains

    def multiply(self, seats: Iterable[int]) -> tuple[ReceiptMultiplier, ...]:
        """Multiplies the total by each multiplier in turn; what one adds is its contribution, up to its limit.

        A factor below 1 adds nothing: it makes every contribution so far smaller in proportion.
        """
        return tuple([self._multiply_once(seat, self._rules[seat].number) for seat in seats])

    def apply_tier(self, code: str | None, multiplier: Fraction) -> ReceiptTier:
        """Multiplies every contribution: a tier is no rule, what it adds belongs to the rules in proportion."""
        factor = Exact(multiplier.numerator, multiplier.denominator)
        if factor == ONE:
            return ReceiptTier(code, factor, Exact(0))
        return ReceiptTier(code, factor, self.points(self._scale(multiplier)))

    def _multiply_once(self, seat: int, factor: Fraction) -> ReceiptMultiplier:
        if factor < 1:
            extra = self._scale(factor)
        else:
            before = self.total
            self._count_anew(factor.denominator, factor.denominator)
            extra = self.contribute(seat, before * (factor.numerator - factor.denominator))
        return ReceiptMultiplier(seat, Exact(factor.numerator, factor.denominator), self.points(extra))

    def _scale(self, factor: Fraction) -> int:
        """Multiplies every contribution; returns the grains that this adds to the total."""
        before = self.total
        self._count_anew(factor.numerator, factor.denominator)
        return self.total - before * factor.denominator

    def _count_anew(self, times: int, finer: int) -> None:
        """Makes grains `finer` and each contribution `times` as many of them: times / finer of the points."""
        if times == finer == 1:
            return
        self.grains_per_point *= finer
        self.contributions = [grains * times for grains in self.contributions]
        self.total *= times
