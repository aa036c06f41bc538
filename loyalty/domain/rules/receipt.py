"""Why a purchase earned what it earned, step by step, in exact numbers.

An auditor can follow it by adding up: the rules' contributions sum to `unrounded`, their shares to `rounded`, their
points to `points`. Lines, fixed points, multipliers and cuts name a rule by its place in `rules`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from loyalty.domain.exact import Exact, ratio_text
from loyalty.domain.money import from_minor
from loyalty.domain.program import Rounding
from loyalty.domain.purchase import Line

SCHEMA_VERSION = 1


class Limit(StrEnum):
    """The limits of a rule that can cut what it gives."""

    POINTS_PER_TRANSACTION = "points_per_transaction"
    POINTS_PER_MEMBER = "points_per_member"
    BUDGET_POINTS = "budget_points"


class ReceiptRule(NamedTuple):
    """contribution: exact, with multipliers. share: the whole number of it. points: what limits left of the share.

    `written` is what a receipt says of the version itself: its ids, name and effect.
    """

    rule_id: UUID
    version: int
    written: Mapping[str, Any]
    grains: int
    grains_per_point: int
    share: int
    points: int

    @property
    def contribution(self) -> Exact:
        return Exact(self.grains, self.grains_per_point)


class RulePoints(NamedTuple):
    """Exact points that a rule gave in one place, before multipliers and limits: numerator / denominator of them."""

    rule: int
    numerator: int
    denominator: int = 1

    @property
    def points(self) -> Exact:
        return Exact(self.numerator, self.denominator)


ClaimedLine = tuple[Line, str | None, tuple[tuple[int, int, int], ...]]
"""A line, the scope that claims it, and its rules: place in `rules`, points per minor unit as a ratio."""


class ReceiptLine(NamedTuple):
    """A line and the rules that claimed it, all of one scope; scope is None when none did."""

    line: int
    sku: str | None
    category: str | None
    amount_minor: int
    scope: str | None
    rules: tuple[RulePoints, ...]


class ReceiptMultiplier(NamedTuple):
    """`extra` is what it added: negative for a factor below 1, less than the factor says when its limit cut it."""

    rule: int
    factor: Exact
    extra: Exact


class ReceiptTier(NamedTuple):
    """The tier's multiplier, the last to be applied, and what it added."""

    code: str | None
    multiplier: Exact
    extra: Exact


class Cut(NamedTuple):
    """What a limit took away: exact before the rounding, whole after it. `period_key` says which period was full."""

    rule: int
    limit: Limit
    points: Exact
    period_key: str | None = None


class Receipt(NamedTuple):
    """local_time is when the purchase occurred, in the program's time zone. Written out only when it is asked for."""

    currency: str
    amount_minor: int
    local_time: datetime
    time_zone: str
    rules: tuple[ReceiptRule, ...]
    claimed: tuple[ClaimedLine, ...]
    fixed: tuple[RulePoints, ...]
    before_multipliers: Exact
    multipliers: tuple[ReceiptMultiplier, ...]
    tier: ReceiptTier
    unrounded: Exact
    rounding: Rounding
    rounded: int
    cuts: tuple[Cut, ...]
    points: int
    purchase_number: int | None = None
    pending_until: datetime | None = None
    expires_at: datetime | None = None

    @property
    def lines(self) -> tuple[ReceiptLine, ...]:
        return tuple(
            ReceiptLine(
                place,
                line.sku,
                line.category,
                line.amount_minor,
                scope,
                tuple(RulePoints(seat, line.amount_minor * number, per) for seat, number, per in rules),
            )
            for place, (line, scope, rules) in enumerate(self.claimed)
        )

    def to_json(self) -> dict[str, Any]:
        """JSON types only; exact numbers as text ("2.5", "10/3"), whole points as integers."""
        return {
            "schema_version": SCHEMA_VERSION,
            "currency": self.currency,
            "amount": from_minor(self.amount_minor, self.currency),
            "local_time": self.local_time.isoformat(),
            "time_zone": self.time_zone,
            "rules": [
                {**written, "contribution": ratio_text(grains, grains_per_point), "share": share, "points": points}
                for _, _, written, grains, grains_per_point, share, points in self.rules
            ],
            "lines": self._lines_json(),
            "fixed": [_rule_points_json(*points) for points in self.fixed],
            "before_multipliers": self.before_multipliers.text,
            "multipliers": [_multiplier_json(multiplier) for multiplier in self.multipliers],
            "tier": _tier_json(self.tier),
            "unrounded": self.unrounded.text,
            "rounding": self.rounding.value,
            "rounded": self.rounded,
            "cuts": [_cut_json(cut) for cut in self.cuts],
            "points": self.points,
            "purchase_number": self.purchase_number,
            "pending_until": _time_json(self.pending_until),
            "expires_at": _time_json(self.expires_at),
        }

    def _lines_json(self) -> list[dict[str, Any]]:
        currency = self.currency
        return [
            {
                "line": place,
                "sku": sku,
                "category": category,
                "amount": from_minor(amount_minor, currency),
                "scope": scope,
                "rules": [
                    {"rule": seat, "points": ratio_text(amount_minor * number, per)} for seat, number, per in rules
                ],
            }
            for place, ((amount_minor, sku, category), scope, rules) in enumerate(self.claimed)
        ]


def _rule_points_json(rule: int, numerator: int, denominator: int) -> dict[str, Any]:
    return {"rule": rule, "points": ratio_text(numerator, denominator)}


def _multiplier_json(multiplier: ReceiptMultiplier) -> dict[str, Any]:
    return {"rule": multiplier.rule, "factor": multiplier.factor.text, "extra": multiplier.extra.text}


def _tier_json(tier: ReceiptTier) -> dict[str, Any]:
    return {"code": tier.code, "multiplier": tier.multiplier.text, "extra": tier.extra.text}


def _cut_json(cut: Cut) -> dict[str, Any]:
    return {
        "rule": cut.rule,
        "limit": cut.limit.value,
        "points": cut.points.text,
        "period_key": cut.period_key,
    }


def _time_json(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
