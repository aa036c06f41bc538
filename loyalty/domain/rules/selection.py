"""Which rules take part in one purchase, and what each of them does in it. No points are reckoned here."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from loyalty.domain.purchase import Line
from loyalty.domain.rules.compiled import CompiledRule, stacked
from loyalty.domain.rules.definition import ScopeType

NO_RULES: Sequence[CompiledRule] = ()


class ScopeIndex(NamedTuple):
    """The rules that earn points per amount, by what their scope names, each list in order of precedence."""

    by_sku: Mapping[str | None, Sequence[CompiledRule]]
    by_category: Mapping[str | None, Sequence[CompiledRule]]
    by_order: Sequence[CompiledRule]


class Claim(NamedTuple):
    """The scope that claims a line and the rules of it that count; no scope and no rules when none does."""

    scope: ScopeType | None
    rules: Sequence[CompiledRule]


class Claims:
    """Who claims a line of one purchase: the most specific scope that has a rule in force for it.

    What is the same for many lines of a basket (the order, a category) is found out once.
    """

    def __init__(self, index: ScopeIndex, in_force: frozenset[CompiledRule]) -> None:
        self._index = index
        self._in_force = in_force
        self._by_category: dict[str | None, Claim] = {}

    def of(self, line: Line) -> Claim:
        if line.sku in self._index.by_sku:
            rules = self._counting(self._index.by_sku[line.sku])
            if rules:
                return Claim(ScopeType.SKU, rules)
        claim = self._by_category.get(line.category)
        if claim is None:
            claim = self._by_category[line.category] = self._beyond_sku(line.category)
        return claim

    def _beyond_sku(self, category: str | None) -> Claim:
        rules = self._counting(self._index.by_category.get(category, NO_RULES))
        if rules:
            return Claim(ScopeType.CATEGORY, rules)
        rules = self._counting(self._index.by_order)
        return Claim(ScopeType.ORDER if rules else None, rules)

    def _counting(self, rules: Sequence[CompiledRule]) -> Sequence[CompiledRule]:
        return stacked([rule for rule in rules if rule in self._in_force])


class Selection:
    """Rules that take part, in order of precedence; a rule's seat is its place among them."""

    def __init__(
        self,
        claims: Sequence[tuple[Line, Claim]],
        fixed: Sequence[CompiledRule],
        multipliers: Sequence[CompiledRule],
    ) -> None:
        taking_part = {rule.position: rule for _, claim in claims for rule in claim.rules}
        taking_part.update((rule.position, rule) for rule in (*fixed, *multipliers))
        self.rules = [taking_part[position] for position in sorted(taking_part)]
        self.claims = claims
        self.fixed = fixed
        self.multipliers = multipliers
        self._seats = {rule.position: seat for seat, rule in enumerate(self.rules)}

    def seat(self, rule: CompiledRule) -> int:
        return self._seats[rule.position]
