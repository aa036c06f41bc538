"""Why a purchase earned what it earned, step by step, in exact numbers.

An auditor can follow it by adding up: the rules' contributions sum to `unrounded`, their shares to `rounded`, their
points to `points`. Lines, fixed points, multipliers and cuts name a rule by its place in `rules`.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from loyalty.domain.exact import TEXTS_KEPT, Exact, ratio_text
from loyalty.domain.money import from_minor
from loyalty.domain.program import Rounding
from loyalty.domain.purchase import Line

SCHEMA_VERSION = 1
NULL = "null"


class Limit(StrEnum):
    """The limits of a rule that can cut what it gives."""

    POINTS_PER_TRANSACTION = "points_per_transaction"
    POINTS_PER_MEMBER = "points_per_member"
    BUDGET_POINTS = "budget_points"


class ReceiptRule(NamedTuple):
    """contribution: exact, with multipliers. share: the whole number of it. points: what limits left of the share.

    `written` is what a receipt says of the version itself, as members of a JSON object: its ids, name and effect.
    """

    rule_id: UUID
    version: int
    written: str
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

    @property
    def text(self) -> str:
        """The receipt as JSON; exact numbers as text ("2.5", "10/3"), whole points as integers."""
        return (
            f'{{"schema_version":{SCHEMA_VERSION},"currency":"{self.currency}",'
            f'"amount":"{from_minor(self.amount_minor, self.currency)}",'
            f'"local_time":"{self.local_time.isoformat()}","time_zone":{_quoted(self.time_zone)},'
            f'"rules":[{self._rules_text()}],"lines":[{self._lines_text()}],'
            f'"fixed":[{",".join([_rule_points_text(*points) for points in self.fixed])}],'
            f'"before_multipliers":"{self.before_multipliers.text}",'
            f'"multipliers":[{",".join(map(_multiplier_text, self.multipliers))}],"tier":{_tier_text(self.tier)},'
            f'"unrounded":"{self.unrounded.text}","rounding":"{self.rounding.value}","rounded":{self.rounded},'
            f'"cuts":[{",".join(map(_cut_text, self.cuts))}],"points":{self.points},'
            f'"purchase_number":{NULL if self.purchase_number is None else self.purchase_number},'
            f'"pending_until":{_time_text(self.pending_until)},"expires_at":{_time_text(self.expires_at)}}}'
        )

    def to_json(self) -> dict[str, Any]:
        """The same as JSON types."""
        told: dict[str, Any] = json.loads(self.text)
        return told

    def _rules_text(self) -> str:
        return ",".join(
            [
                f'{{{written},"contribution":"{ratio_text(grains, per_point)}","share":{share},"points":{points}}}'
                for _, _, written, grains, per_point, share, points in self.rules
            ]
        )

    def _lines_text(self) -> str:
        currency = self.currency
        lines = []
        for place, ((amount_minor, sku, category), scope, rules) in enumerate(self.claimed):
            earned = ",".join([_rule_points_text(seat, amount_minor * number, per) for seat, number, per in rules])
            lines.append(
                f'{{"line":{place},"sku":{_quoted(sku)},"category":{_quoted(category)},'
                f'"amount":"{from_minor(amount_minor, currency)}","scope":{_quoted(scope)},"rules":[{earned}]}}'
            )
        return ",".join(lines)


def _rule_points_text(rule: int, numerator: int, denominator: int) -> str:
    return f'{{"rule":{rule},"points":"{ratio_text(numerator, denominator)}"}}'


def _multiplier_text(multiplier: ReceiptMultiplier) -> str:
    return f'{{"rule":{multiplier.rule},"factor":"{multiplier.factor.text}","extra":"{multiplier.extra.text}"}}'


def _tier_text(tier: ReceiptTier) -> str:
    return f'{{"code":{_quoted(tier.code)},"multiplier":"{tier.multiplier.text}","extra":"{tier.extra.text}"}}'


def _cut_text(cut: Cut) -> str:
    return (
        f'{{"rule":{cut.rule},"limit":"{cut.limit.value}","points":"{cut.points.text}",'
        f'"period_key":{_quoted(cut.period_key)}}}'
    )


@lru_cache(maxsize=TEXTS_KEPT)
def _quoted(text: str | None) -> str:
    """A string of JSON, or null."""
    return json.dumps(text, ensure_ascii=False)


def _time_text(moment: datetime | None) -> str:
    return NULL if moment is None else f'"{moment.astimezone(UTC).isoformat().replace("+00:00", "Z")}"'
