"""From the rules that take part in a purchase to its award: the five steps of docs/rules.md."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from loyalty.domain.award import Award, Share, UsageView
from loyalty.domain.money import exponent_of
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.receipt import Receipt, ReceiptLine, ReceiptRule, RulePoints
from loyalty.domain.rules.arithmetic import round_points, split
from loyalty.domain.rules.limits import cut_shares
from loyalty.domain.rules.selection import Claim, Selection
from loyalty.domain.rules.tally import Tally


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is reckoned: a purchase of a member, at its local time, under a program."""

    purchase: Purchase
    member: MemberFacts
    local_time: datetime
    program: ProgramSettings


def award(selection: Selection, occasion: Occasion, usage: UsageView) -> Award:
    """The award with its receipt. Raises UnknownCurrency."""
    tally = Tally(selection.rules)
    lines = _earn_by_line(selection, occasion.purchase.currency, tally)
    fixed = _earn_fixed(selection, tally)
    tally.cap()
    before_multipliers = tally.total
    multipliers = tally.multiply([selection.seat(rule) for rule in selection.multipliers])
    tier = tally.apply_tier(occasion.member.tier, Fraction(occasion.member.tier_multiplier))
    unrounded = tally.total
    rounded = round_points(unrounded, occasion.program.rounding)
    shares = split(tally.contributions, rounded)
    granted, cuts, changes = cut_shares(selection.rules, shares, usage, occasion.local_time.date())
    receipt = Receipt(
        currency=occasion.purchase.currency,
        amount_minor=occasion.purchase.amount_minor,
        local_time=occasion.local_time,
        time_zone=occasion.program.time_zone,
        rules=_receipt_rules(tally, shares, granted),
        lines=lines,
        fixed=fixed,
        before_multipliers=before_multipliers,
        multipliers=multipliers,
        tier=tier,
        unrounded=unrounded,
        rounding=occasion.program.rounding,
        rounded=rounded,
        cuts=(*tally.cuts, *cuts),
        points=sum(granted),
    )
    return Award(receipt.points, _shares(receipt.rules), tuple(changes), receipt)


def _earn_by_line(selection: Selection, currency: str, tally: Tally) -> tuple[ReceiptLine, ...]:
    minor_per_unit = 10 ** exponent_of(currency)
    return tuple(
        ReceiptLine(
            place,
            claim.line.sku,
            claim.line.category,
            claim.line.amount_minor,
            claim.scope,
            _earn_line(claim, selection, minor_per_unit, tally),
        )
        for place, claim in enumerate(selection.claims)
    )


def _earn_line(claim: Claim, selection: Selection, minor_per_unit: int, tally: Tally) -> tuple[RulePoints, ...]:
    earned = []
    for rule in claim.rules:
        rate = rule.number
        points = Fraction(claim.line.amount_minor * rate.numerator, minor_per_unit * rate.denominator)
        earned.append(RulePoints(selection.seat(rule), points))
        tally.add(earned[-1].rule, points)
    return tuple(earned)


def _earn_fixed(selection: Selection, tally: Tally) -> tuple[RulePoints, ...]:
    earned = tuple(RulePoints(selection.seat(rule), rule.number) for rule in selection.fixed)
    for fixed in earned:
        tally.add(fixed.rule, fixed.points)
    return earned


def _receipt_rules(tally: Tally, shares: list[int], granted: list[int]) -> tuple[ReceiptRule, ...]:
    return tuple(
        ReceiptRule(
            rule.active.rule_id,
            rule.active.version,
            rule.definition.name,
            rule.definition.effect,
            contribution,
            share,
            points,
        )
        for rule, contribution, share, points in zip(tally.rules, tally.contributions, shares, granted, strict=True)
    )


def _shares(rules: tuple[ReceiptRule, ...]) -> tuple[Share, ...]:
    return tuple(Share(rule.rule_id, rule.version, rule.points) for rule in rules if rule.points)
