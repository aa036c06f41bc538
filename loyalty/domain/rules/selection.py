"""Which rules take part in one purchase, and what each of them does in it. No points are reckoned here."""

from collections.abc import Sequence
from dataclasses import dataclass

from loyalty.domain.purchase import Line
from loyalty.domain.rules.compiled import CompiledRule
from loyalty.domain.rules.definition import ScopeType


@dataclass(frozen=True, slots=True)
class Claim:
    """The rules that a line earns by, all of the scope that claimed it; no scope and no rules when none did."""

    line: Line
    scope: ScopeType | None
    rules: Sequence[CompiledRule]


class Selection:
    """Rules that take part, in order of precedence; a rule's seat is its place among them."""

    def __init__(
        self, claims: Sequence[Claim], fixed: Sequence[CompiledRule], multipliers: Sequence[CompiledRule]
    ) -> None:
        taking_part = {rule.position: rule for claim in claims for rule in claim.rules}
        taking_part.update((rule.position, rule) for rule in (*fixed, *multipliers))
        self.rules = [taking_part[position] for position in sorted(taking_part)]
        self.claims = claims
        self.fixed = fixed
        self.multipliers = multipliers
        self._seats = {rule.position: seat for seat, rule in enumerate(self.rules)}

    def seat(self, rule: CompiledRule) -> int:
        return self._seats[rule.position]
