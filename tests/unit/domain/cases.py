"""A case of the earning rules as JSON: the one form that docs/rules.md, the reference and the generated cases share.

Rules are told apart by their names and stand in a case from the oldest to the youngest.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from loyalty.domain.award import Award, Counter, UsageKey, UsageView
from loyalty.domain.money import to_minor
from loyalty.domain.periods import Period, period_key
from loyalty.domain.program import ProgramSettings, Rounding
from loyalty.domain.purchase import EventFacts, Line, MemberFacts, Purchase
from loyalty.domain.rules import ActiveRule, Ruleset, active_rule, compile_ruleset
from loyalty.domain.rules.conditions import event_value
from loyalty.domain.rules.ruleset import compile_event_rulesets

Case = Mapping[str, Any]

MERCHANT = "01920000-0000-7000-8000-000000000001"
OCCURRED_AT = "2017-03-05T14:30:00Z"
_FIRST_RULE_AT = datetime(2017, 1, 1, tzinfo=UTC)


class Built(NamedTuple):
    """A case as the domain's own values."""

    ruleset: Ruleset
    purchase: Purchase
    member: MemberFacts
    usage: UsageView

    def evaluate(self) -> Award:
        return self.ruleset.evaluate(self.purchase, self.member, self.usage)


def build(case: Case) -> Built:
    program = program_of(case)
    purchase = event_of(case["event"]) if "event" in case else purchase_of(case["purchase"])
    rules = rules_of(case)
    day = purchase.occurred_at.astimezone(program.zone).date()
    usage = usage_of(case.get("usage", {}), rules, day)
    if purchase.event is not None:
        ruleset = compile_event_rulesets(rules, program)[purchase.event.event_type]
    else:
        ruleset = compile_ruleset(rules, program)
    return Built(ruleset, purchase, member_of(case.get("member", {})), usage)


def evaluate(case: Case) -> Award:
    return build(case).evaluate()


def rule_id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


def program_of(case: Case) -> ProgramSettings:
    given = {"time_zone": "UTC", "rounding": "down", **case.get("program", {})}
    return ProgramSettings(time_zone=given["time_zone"], rounding=Rounding(given["rounding"]))


def rules_of(case: Case) -> list[ActiveRule]:
    return [
        active_rule(rule_id(definition["name"]), 1, _FIRST_RULE_AT + timedelta(days=age), definition)
        for age, definition in enumerate(case["rules"])
    ]


def purchase_of(given: Mapping[str, Any]) -> Purchase:
    currency = given.get("currency", "GBP")
    lines = [
        Line(to_minor(item["amount"], currency), item.get("sku"), item.get("category"))
        for item in given.get("items", [])
    ]
    return Purchase(
        UUID(given.get("merchant_id", MERCHANT)),
        datetime.fromisoformat(given.get("occurred_at", OCCURRED_AT)),
        to_minor(given["amount"], currency),
        currency,
        tuple(lines),
    )


def event_of(given: Mapping[str, Any]) -> Purchase:
    fields = {name: event_value(value) for name, value in given["fields"].items()}
    at = datetime.fromisoformat(given.get("occurred_at", OCCURRED_AT))
    return Purchase(UUID(MERCHANT), at, 0, "GBP", (), EventFacts(given["event_type"], fields))


def member_of(given: Mapping[str, Any]) -> MemberFacts:
    return MemberFacts(
        joined_at=datetime.fromisoformat(given.get("joined_at", "2016-12-31T00:00:00Z")),
        purchases_before=given.get("purchases_before", 0 if given.get("first_purchase") else 1),
        tier=given.get("tier"),
        tier_multiplier=Decimal(given.get("tier_multiplier", "1")),
        birth_date=date.fromisoformat(given["birth_date"]) if given.get("birth_date") else None,
    )


def usage_of(given: Mapping[str, Mapping[str, int]], rules: list[ActiveRule], day: Any) -> UsageView:
    """`given` is {rule name: {"member": points in the period of the purchase, "budget": points ever}}."""
    usage: dict[UsageKey, int] = {}
    for rule in rules:
        used = given.get(rule.definition.name, {})
        limit = rule.definition.limits.points_per_member
        if limit is not None:
            key = UsageKey(rule.rule_id, Counter.MEMBER, period_key(limit.period, day))
            usage[key] = used.get("member", 0)
        usage[UsageKey(rule.rule_id, Counter.BUDGET, period_key(Period.EVER, day))] = used.get("budget", 0)
    return usage


def shares_by_name(award: Award, case: Case) -> dict[str, int]:
    names = {rule_id(definition["name"]): definition["name"] for definition in case["rules"]}
    return {names[share.rule_id]: share.points for share in award.shares}
