"""Simulation: what a purchase or a custom event would earn, and why, by the code that awards real ones.

Nothing is stored."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock
from loyalty.domain.award import Award, Counter, UsageKey, UsageView
from loyalty.domain.money import InvalidAmount, UnknownCurrency, to_minor
from loyalty.domain.program import ProgramSettings, Rounding
from loyalty.domain.purchase import YEARS, Line, MemberFacts, Purchase
from loyalty.domain.rules import ActiveRule, Ruleset, compile_ruleset
from loyalty.domain.rules.conditions import happening
from loyalty.domain.rules.ruleset import compile_event_rulesets
from loyalty.errors import Invalid, NotFound
from loyalty.services.custom_events import wrong_in_event
from loyalty.services.drafts import draft_rules
from loyalty.services.points_policy import terms_of
from loyalty.store import awards
from loyalty.store import program as programs
from loyalty.store import rules as store
from loyalty.store.database import Connection
from schemas.admin.program import Program
from schemas.admin.rules import SimulatedEvent, SimulatedPurchase, SimulatedShare, Simulation, SimulationResult

NO_MERCHANT = UUID(int=0)

Errors = list[tuple[str, str]]


async def simulate(conn: Connection, command: Simulation, clock: Clock) -> SimulationResult:
    """Raises Invalid, with a pointer for everything in the rules or the purchase that makes no sense."""
    now = clock()
    program = await programs.get_program(conn)
    rules = await store.list_active_rules(conn) if command.rules is None else await draft_rules(conn, command.rules)
    if command.event is not None:
        purchase, member_id = await _event(conn, command.event, program, now), command.event.member_id
    else:
        assert command.transaction is not None, "a simulation has one of the two"
        purchase, member_id = _purchase(command.transaction, program, now), command.transaction.member_id
    ruleset = _ruleset_for(purchase, rules, _settings(program))
    usage = await _usage(conn, member_id, ruleset.usage_keys(purchase))
    award = ruleset.evaluate(purchase, await _facts(conn, command, member_id, now), usage)
    return _result(award, rules)


def _ruleset_for(purchase: Purchase, rules: Sequence[ActiveRule], program: ProgramSettings) -> Ruleset:
    if purchase.event is None:
        return compile_ruleset(rules, program)
    of_its_type = compile_event_rulesets(rules, program).get(purchase.event.event_type)
    return of_its_type or compile_ruleset([], program)


async def _event(conn: Connection, wanted: SimulatedEvent, program: Program, now: datetime) -> Purchase:
    wrong = await wrong_in_event(conn, wanted.event_type, wanted.fields)
    errors: Errors = [(f"/event{pointer}", detail) for pointer, detail in wrong]
    at = _time(wanted.occurred_at, now, "/event/occurred_at", errors)
    if errors:
        raise Invalid(errors)
    return happening(wanted.merchant_id or NO_MERCHANT, at, program.currency, wanted.event_type, wanted.fields)


def _time(wanted: datetime | None, now: datetime, pointer: str, errors: Errors) -> datetime:
    at = wanted or now
    if at.year not in YEARS:
        errors.append((pointer, f"The year is not one of {YEARS[0]} to {YEARS[-1]}"))
    return at


def _purchase(wanted: SimulatedPurchase, program: Program, now: datetime) -> Purchase:
    if wanted.currency != program.currency:
        raise Invalid([("/transaction/currency", f"The program's currency is {program.currency}")])
    errors: Errors = []
    amount_minor = _minor(wanted.amount, program.currency, "/transaction/amount", errors)
    lines = tuple(
        Line(_minor(item.amount, program.currency, f"/transaction/items/{n}/amount", errors), item.sku, item.category)
        for n, item in enumerate(wanted.items)
    )
    if lines and not errors and sum(line.amount_minor for line in lines) != amount_minor:
        errors.append(("/transaction/items", "The items do not sum to the amount"))
    at = _time(wanted.occurred_at, now, "/transaction/occurred_at", errors)
    if errors:
        raise Invalid(errors)
    return Purchase(wanted.merchant_id or NO_MERCHANT, at, amount_minor, program.currency, lines)


def _minor(amount: str, currency: str, pointer: str, errors: Errors) -> int:
    try:
        minor = to_minor(amount, currency)
    except (InvalidAmount, UnknownCurrency) as invalid:
        errors.append((pointer, invalid.message))
        return 0
    if minor < 0:
        errors.append((pointer, "An amount is not negative"))
    return minor


def _settings(program: Program) -> ProgramSettings:
    rounding, terms = Rounding(program.rounding), terms_of(program.points)
    return ProgramSettings(program.currency, program.time_zone, rounding, terms)


async def _facts(conn: Connection, command: Simulation, member_id: UUID | None, now: datetime) -> MemberFacts:
    if member_id is None:
        return await store.newcomer_facts(conn, now)
    try:
        return await store.member_facts(conn, member_id)
    except NotFound:
        place = "transaction" if command.event is None else "event"
        raise Invalid([(f"/{place}/member_id", "There is no such member")]) from None


async def _usage(conn: Connection, member_id: UUID | None, keys: Sequence[UsageKey]) -> UsageView:
    budgets = await store.read_budgets(conn, [key for key in keys if key.counter is Counter.BUDGET])
    if member_id is None:
        return budgets
    of_member = [(member_id, key) for key in keys if key.counter is Counter.MEMBER]
    counters = await awards.read_member_usage(conn, of_member)
    return budgets | {key: points for (_, key), points in counters.items()}


def _result(award: Award, rules: Sequence[ActiveRule]) -> SimulationResult:
    names = {rule.rule_id: rule.definition.name for rule in rules}
    shares = [
        SimulatedShare(rule_id=share.rule_id, version=share.version, name=names[share.rule_id], points=share.points)
        for share in award.shares
    ]
    return SimulationResult(points=award.points, rules=shares, receipt=award.receipt.to_json())
