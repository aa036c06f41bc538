"""From the rules that take part in a purchase to its award: the five steps of docs/rules.md."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import lcm

from loyalty.domain.award import Award, Share, UsageView
from loyalty.domain.money import exponent_of
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules.arithmetic import round_points, split
from loyalty.domain.rules.definition import FixedPoints, Multiplier, PointsPerAmount
from loyalty.domain.rules.limits import cut_shares
from loyalty.domain.rules.receipt import Receipt, ReceiptLine, ReceiptRule, RulePoints
from loyalty.domain.rules.selection import Selection
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
    minor_per_unit = 10 ** exponent_of(occasion.purchase.currency)
    tally = _tally(selection, minor_per_unit)
    before_multipliers = tally.points(tally.total)
    multipliers = tally.multiply([selection.seat(rule) for rule in selection.multipliers])
    tier = tally.apply_tier(occasion.member.tier, Fraction(occasion.member.tier_multiplier))
    rounded = round_points(tally.total, tally.grains_per_point, occasion.program.rounding)
    shares = split(tally.contributions, tally.grains_per_point, rounded)
    granted, cuts, changes = cut_shares(selection.rules, shares, usage, occasion.local_time.date())
    receipt = Receipt(
        currency=occasion.purchase.currency,
        amount_minor=occasion.purchase.amount_minor,
        local_time=occasion.local_time,
        time_zone=occasion.program.time_zone,
        rules=_receipt_rules(selection, tally, shares, granted),
        lines=_receipt_lines(selection, minor_per_unit),
        fixed=tuple(RulePoints(selection.seat(rule), rule.number.numerator) for rule in selection.fixed),
        before_multipliers=before_multipliers,
        multipliers=multipliers,
        tier=tier,
        unrounded=tally.points(tally.total),
        rounding=occasion.program.rounding,
        rounded=rounded,
        cuts=(*tally.cuts, *cuts),
        points=sum(granted),
    )
    return Award(receipt.points, _shares(receipt.rules), tuple(changes), receipt)


def _tally(selection: Selection, minor_per_unit: int) -> Tally:
    """Steps 1 and 2, one contribution a rule: a rule's lines are added up first, since its rate is the same for all."""
    grains_per_unit = lcm(*(rule.number.denominator for rule in selection.rules))
    tally = Tally(selection.rules, grains_per_unit * minor_per_unit)
    claimed_minor = _claimed_minor(selection)
    for seat, rule in enumerate(selection.rules):
        match rule.definition.effect:
            case PointsPerAmount():
                rate = rule.number
                tally.contribute(seat, claimed_minor[seat] * rate.numerator * (grains_per_unit // rate.denominator))
            case FixedPoints(points):
                tally.contribute(seat, points * tally.grains_per_point)
            case Multiplier():
                pass
    return tally


def _claimed_minor(selection: Selection) -> list[int]:
    claimed_minor = [0] * len(selection.rules)
    for line, claim in selection.claims:
        for rule in claim.rules:
            claimed_minor[selection.seat(rule)] += line.amount_minor
    return claimed_minor


def _receipt_lines(selection: Selection, minor_per_unit: int) -> tuple[ReceiptLine, ...]:
    lines = []
    for place, (line, claim) in enumerate(selection.claims):
        points = [
            RulePoints(
                selection.seat(rule),
                line.amount_minor * rule.number.numerator,
                minor_per_unit * rule.number.denominator,
            )
            for rule in claim.rules
        ]
        lines.append(ReceiptLine(place, line.sku, line.category, line.amount_minor, claim.scope, tuple(points)))
    return tuple(lines)


def _receipt_rules(
    selection: Selection, tally: Tally, shares: list[int], granted: list[int]
) -> tuple[ReceiptRule, ...]:
    return tuple(
        ReceiptRule(
            rule.active.rule_id,
            rule.active.version,
            rule.definition.name,
            rule.definition.effect,
            tally.points(contribution),
            share,
            points,
        )
        for rule, contribution, share, points in zip(selection.rules, tally.contributions, shares, granted, strict=True)
    )


def _shares(rules: tuple[ReceiptRule, ...]) -> tuple[Share, ...]:
    return tuple(Share(rule.rule_id, rule.version, rule.points) for rule in rules if rule.points)
