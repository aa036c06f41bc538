"""Which rules take part in one purchase, and what each of them does in it. No points are reckoned here.

What follows from the rules alone is found out once and kept: for a set of rules in force a Stage, for a set of rules
that take part a Cast. A program's purchases see few of these sets; both stores are emptied when they hold too many.
"""

from collections.abc import Sequence
from math import lcm
from typing import NamedTuple

from loyalty.domain.purchase import Line
from loyalty.domain.rules.compiled import CompiledRule, bits, by_value, stacked
from loyalty.domain.rules.definition import FixedPoints, Multiplier, PointsPerAmount, ScopeType
from loyalty.domain.rules.limits import is_counted

CLAIMS_KEPT = 50_000
CASTS_KEPT = 1_000
NO_RULES: Sequence[CompiledRule] = ()


class Claim:
    """The scope that claims a line and the rules of it that count; no scope and no rules when none does.

    A Stage makes one of each, whatever the number of skus and categories.
    """

    __slots__ = ("bits", "rules", "scope")

    def __init__(self, scope: ScopeType | None, rules: Sequence[CompiledRule]) -> None:
        self.scope = scope and scope.value
        self.rules = rules
        self.bits = bits(rules)


UNCLAIMED = Claim(None, NO_RULES)

ToldClaim = tuple[str | None, tuple[tuple[int, int, int], ...]]
"""A scope and its rules: seat, and points per minor unit as a ratio."""


class Cast:
    """Rules that take part, in order of precedence; a rule's seat is its place among them.

    grains_per_unit makes every rule's number whole; `rates` are the numbers in it. `written` is what receipts say of
    the rules whatever they give. `told` keeps what receipts say of claims, by claim and minor units in the currency's.
    """

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        self.rules = rules
        self.seats = {rule.position: seat for seat, rule in enumerate(rules)}
        self.grains_per_unit = lcm(*(rule.number.denominator for rule in rules))
        self.rates = [int(rule.number * self.grains_per_unit) for rule in rules]
        self.capped = any(rule.definition.limits.points_per_transaction is not None for rule in rules)
        self.written = [(rule.active.rule_id, rule.active.version, rule.written) for rule in rules]
        self.told: dict[tuple[Claim, int], ToldClaim] = {}
        self.counted = [seat for seat, rule in enumerate(rules) if is_counted(rule.definition.limits)]

    def seat(self, rule: CompiledRule) -> int:
        return self.seats[rule.position]

    def tell(self, claim: Claim, minor_per_unit: int) -> ToldClaim:
        """What a receipt says of a line that is claimed so."""
        told = self.told.get((claim, minor_per_unit))
        if told is None:
            rules = [(self.seat(r), r.number.numerator, minor_per_unit * r.number.denominator) for r in claim.rules]
            told = self.told[claim, minor_per_unit] = (claim.scope, tuple(rules))
        return told


class Selection(NamedTuple):
    """The lines with who claims each, the other rules that count, and all rules that take part."""

    lines: Sequence[Line]
    claims: Sequence[Claim]
    fixed: Sequence[CompiledRule]
    multipliers: Sequence[CompiledRule]
    cast: Cast


class Stage:
    """The rules in force together, ready to select among them for any purchase."""

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        earning = [rule for rule in rules if isinstance(rule.definition.effect, PointsPerAmount)]
        self._by_sku = by_value(_with_scope(earning, ScopeType.SKU))
        self._by_category = by_value(_with_scope(earning, ScopeType.CATEGORY))
        self._by_order = _with_scope(earning, ScopeType.ORDER)
        self._skus = frozenset(self._by_sku).union(*(rule.definition.scope.except_skus for rule in earning))
        self._categories = frozenset(self._by_category).union(
            *(rule.definition.scope.except_categories for rule in earning)
        )
        self._rules = rules
        self._fixed = [rule for rule in rules if isinstance(rule.definition.effect, FixedPoints)]
        self._multipliers = stacked([rule for rule in rules if isinstance(rule.definition.effect, Multiplier)])
        self._multiplier_bits = bits(self._multipliers)
        self._claims: dict[tuple[str | None, str | None], Claim] = {}
        self._claims_of: dict[tuple[ScopeType, int], Claim] = {}
        self._casts: dict[int, Cast] = {}

    def select(self, lines: Sequence[Line]) -> Selection:
        claims = self._claim_all(lines)
        fixed = stacked([rule for rule in self._fixed if rule.covers_any(lines)]) if self._fixed else NO_RULES
        taking_part = self._multiplier_bits | bits(fixed)
        for claim in claims:
            taking_part |= claim.bits
        return Selection(lines, claims, fixed, self._multipliers, self._cast(taking_part))

    def _claim_all(self, lines: Sequence[Line]) -> list[Claim]:
        """A line of a sku or category that no rule names is claimed like one without any."""
        skus, categories, known = self._skus, self._categories, self._claims
        claims = []
        for _, sku, category in lines:
            named = (sku if sku in skus else None, category if category in categories else None)
            claim = known.get(named)
            if claim is None:
                claim = self._remember(named)
            claims.append(claim)
        return claims

    def _remember(self, named: tuple[str | None, str | None]) -> Claim:
        if len(self._claims) >= CLAIMS_KEPT:
            for kept in (self._claims, self._claims_of, self._casts):
                kept.clear()
        claim = self._claims[named] = self._claim(*named)
        return claim

    def _claim(self, sku: str | None, category: str | None) -> Claim:
        for scope, candidates in (
            (ScopeType.SKU, self._by_sku.get(sku, NO_RULES)),
            (ScopeType.CATEGORY, self._by_category.get(category, NO_RULES)),
            (ScopeType.ORDER, self._by_order),
        ):
            rules = stacked([rule for rule in candidates if rule.covers.names(sku, category)])
            if rules:
                return self._claims_of.setdefault((scope, bits(rules)), Claim(scope, rules))
        return UNCLAIMED

    def _cast(self, taking_part: int) -> Cast:
        cast = self._casts.get(taking_part)
        if cast is None:
            if len(self._casts) >= CASTS_KEPT:
                self._casts.clear()
            cast = self._casts[taking_part] = Cast([rule for rule in self._rules if rule.bit & taking_part])
        return cast


def _with_scope(rules: Sequence[CompiledRule], scope: ScopeType) -> list[CompiledRule]:
    return [rule for rule in rules if rule.definition.scope.type is scope]


def claimed_minor(selection: Selection) -> dict[Claim, int]:
    """What the lines of each claim come to, in minor units."""
    amounts: dict[Claim, int] = {}
    for line, claim in zip(selection.lines, selection.claims, strict=True):
        amounts[claim] = amounts.get(claim, 0) + line[0]
    return amounts
