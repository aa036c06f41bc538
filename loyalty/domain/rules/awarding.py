"""From the rules that take part in a purchase to its award: the five steps of docs/rules.md."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from loyalty.domain.award import Award, Share, UsageView
from loyalty.domain.money import exponent_of
from loyalty.domain.program import ProgramSettings
from loyalty.domain.purchase import MemberFacts, Purchase
from loyalty.domain.rules.arithmetic import round_points, split
from loyalty.domain.rules.limits import cut_shares
from loyalty.domain.rules.receipt import ClaimedLine, Receipt, ReceiptRule, RulePoints
from loyalty.domain.rules.selection import Cast, Claim, Selection, claimed_minor
from loyalty.domain.rules.tally import Tally


class Occasion(NamedTuple):
    """What is reckoned: a purchase of a member, at its local time, under a program."""

    purchase: Purchase
    member: MemberFacts
    local_time: datetime
    program: ProgramSettings


def award(selection: Selection, occasion: Occasion, usage: UsageView) -> Award:
    """The award with its receipt. Raises UnknownCurrency."""
    purchase, member, local_time, program = occasion
    cast = selection.cast
    minor_per_unit = 10 ** exponent_of(purchase.currency)
    tally = _tally(selection, claimed_minor(selection), minor_per_unit)
    before_multipliers = tally.points(tally.total)
    multipliers = tally.multiply([cast.seat(rule) for rule in selection.multipliers])
    tier = tally.apply_tier(member.tier, _fraction(member.tier_multiplier))
    rounded = round_points(tally.total, tally.grains_per_point, program.rounding)
    shares = split(tally.contributions, tally.grains_per_point, rounded)
    granted, cuts, changes = cut_shares(cast, shares, usage, local_time.date())
    receipt = Receipt(
        currency=purchase.currency,
        amount_minor=purchase.amount_minor,
        local_time=local_time,
        time_zone=program.time_zone,
        rules=_receipt_rules(cast, tally, shares, granted),
        claimed=_claimed_lines(selection, minor_per_unit),
        fixed=tuple([RulePoints(cast.seat(rule), rule.number.numerator) for rule in selection.fixed]),
        before_multipliers=before_multipliers,
        multipliers=multipliers,
        tier=tier,
        unrounded=tally.points(tally.total),
        rounding=program.rounding,
        rounded=rounded,
        cuts=(*tally.cuts, *cuts),
        points=sum(granted),
        purchase_number=None if purchase.event is not None else member.purchases_before + 1,
        pending_until=program.terms.pending_until(purchase.occurred_at),
        expires_at=program.terms.expires_at(purchase.occurred_at, program.zone),
    )
    return Award(receipt.points, _shares(receipt.rules), tuple(changes), receipt)


def _tally(selection: Selection, amounts_minor: dict[Claim, int], minor_per_unit: int) -> Tally:
    """Steps 1 and 2, one contribution a rule: a rule's lines are added up first, since its rate is the same for all."""
    cast = selection.cast
    tally = Tally(cast.rules, cast.grains_per_unit * minor_per_unit)
    earned = [0] * len(cast.rules)
    for claim, amount_minor in amounts_minor.items():
        for rule in claim.rules:
            seat = cast.seats[rule.position]
            earned[seat] += amount_minor * cast.rates[seat]
    for rule in selection.fixed:
        seat = cast.seats[rule.position]
        earned[seat] = cast.rates[seat] * minor_per_unit
    for seat, grains in enumerate(earned):
        if grains:
            tally.contribute(seat, grains)
    return tally


def _claimed_lines(selection: Selection, minor_per_unit: int) -> tuple[ClaimedLine, ...]:
    """Each line with what claims it."""
    tell = selection.cast.tell
    return tuple(
        [(line, *tell(claim, minor_per_unit)) for line, claim in zip(selection.lines, selection.claims, strict=True)]
    )


def _receipt_rules(cast: Cast, tally: Tally, shares: list[int], granted: list[int]) -> tuple[ReceiptRule, ...]:
    per_point = tally.grains_per_point
    told = zip(cast.written, tally.contributions, shares, granted, strict=True)
    return tuple([ReceiptRule(*written, grains, per_point, share, points) for written, grains, share, points in told])


def _shares(rules: tuple[ReceiptRule, ...]) -> tuple[Share, ...]:
    return tuple([Share(rule.rule_id, rule.version, rule.points) for rule in rules if rule.points])


@lru_cache(maxsize=256)
def _fraction(multiplier: Decimal) -> Fraction:
    return Fraction(multiplier)
