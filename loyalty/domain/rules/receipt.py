"""Why a purchase earned what it earned, step by step, in exact numbers.

An auditor can follow it by adding up: the rules' contributions sum to `unrounded`, their shares to `rounded`, their
points to `points`. Lines, fixed points, multipliers and cuts name a rule by its place in `rules`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from loyalty.domain.exact import exact_text, ratio_text
from loyalty.domain.money import from_minor
from loyalty.domain.program import Rounding
from loyalty.domain.rules.definition import Effect, ScopeType, effect_json

SCHEMA_VERSION = 1


class Limit(StrEnum):
    """The limits of a rule that can cut what it gives."""

    POINTS_PER_TRANSACTION = "points_per_transaction"
    POINTS_PER_MEMBER = "points_per_member"
    BUDGET_POINTS = "budget_points"


class ReceiptRule(NamedTuple):
    """contribution: exact, with multipliers. share: the whole number of it. points: what limits left of the share."""

    rule_id: UUID
    version: int
    name: str
    effect: Effect
    contribution: Fraction
    share: int
    points: int


class RulePoints(NamedTuple):
    """Exact points that a rule gave in one place, before multipliers and limits: numerator / denominator of them."""

    rule: int
    numerator: int
    denominator: int = 1

    @property
    def points(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class ReceiptLine(NamedTuple):
    """A line and the rules that claimed it, all of one scope; scope is None when none did."""

    line: int
    sku: str | None
    category: str | None
    amount_minor: int
    scope: ScopeType | None
    rules: tuple[RulePoints, ...]


@dataclass(frozen=True, slots=True)
class ReceiptMultiplier:
    """`extra` is what it added: negative for a factor below 1, less than the factor says when its limit cut it."""

    rule: int
    factor: Fraction
    extra: Fraction


@dataclass(frozen=True, slots=True)
class ReceiptTier:
    """The tier's multiplier, the last to be applied, and what it added."""

    code: str | None
    multiplier: Fraction
    extra: Fraction


@dataclass(frozen=True, slots=True)
class Cut:
    """What a limit took away: exact before the rounding, whole after it. `period_key` says which period was full."""

    rule: int
    limit: Limit
    points: Fraction | int
    period_key: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """local_time is when the purchase occurred, in the program's time zone."""

    currency: str
    amount_minor: int
    local_time: datetime
    time_zone: str
    rules: tuple[ReceiptRule, ...]
    lines: tuple[ReceiptLine, ...]
    fixed: tuple[RulePoints, ...]
    before_multipliers: Fraction
    multipliers: tuple[ReceiptMultiplier, ...]
    tier: ReceiptTier
    unrounded: Fraction
    rounding: Rounding
    rounded: int
    cuts: tuple[Cut, ...]
    points: int
    pending_until: datetime | None = None
    expires_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON types only; exact numbers as text ("2.5", "10/3"), whole points as integers."""
        return {
            "schema_version": SCHEMA_VERSION,
            "currency": self.currency,
            "amount": from_minor(self.amount_minor, self.currency),
            "local_time": self.local_time.isoformat(),
            "time_zone": self.time_zone,
            "rules": [_rule_json(rule) for rule in self.rules],
            "lines": [_line_json(line, self.currency) for line in self.lines],
            "fixed": [_rule_points_json(points) for points in self.fixed],
            "before_multipliers": exact_text(self.before_multipliers),
            "multipliers": [_multiplier_json(multiplier) for multiplier in self.multipliers],
            "tier": _tier_json(self.tier),
            "unrounded": exact_text(self.unrounded),
            "rounding": self.rounding.value,
            "rounded": self.rounded,
            "cuts": [_cut_json(cut) for cut in self.cuts],
            "points": self.points,
            "pending_until": _time_json(self.pending_until),
            "expires_at": _time_json(self.expires_at),
        }


def _rule_json(rule: ReceiptRule) -> dict[str, Any]:
    return {
        "rule_id": str(rule.rule_id),
        "version": rule.version,
        "name": rule.name,
        "effect": effect_json(rule.effect),
        "contribution": exact_text(rule.contribution),
        "share": rule.share,
        "points": rule.points,
    }


def _line_json(line: ReceiptLine, currency: str) -> dict[str, Any]:
    return {
        "line": line.line,
        "sku": line.sku,
        "category": line.category,
        "amount": from_minor(line.amount_minor, currency),
        "scope": line.scope and line.scope.value,
        "rules": [_rule_points_json(points) for points in line.rules],
    }


def _rule_points_json(points: RulePoints) -> dict[str, Any]:
    return {"rule": points.rule, "points": ratio_text(points.numerator, points.denominator)}


def _multiplier_json(multiplier: ReceiptMultiplier) -> dict[str, Any]:
    return {
        "rule": multiplier.rule,
        "factor": exact_text(multiplier.factor),
        "extra": exact_text(multiplier.extra),
    }


def _tier_json(tier: ReceiptTier) -> dict[str, Any]:
    return {"code": tier.code, "multiplier": exact_text(tier.multiplier), "extra": exact_text(tier.extra)}


def _cut_json(cut: Cut) -> dict[str, Any]:
    return {
        "rule": cut.rule,
        "limit": cut.limit.value,
        "points": str(cut.points) if isinstance(cut.points, int) else exact_text(cut.points),
        "period_key": cut.period_key,
    }


def _time_json(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
