"""Simulation: what a purchase would earn, and why, by the code that awards real ones. Nothing is stored."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty.clock import Clock
from loyalty.domain.award import Award, Counter, UsageKey, UsageView
from loyalty.domain.money import InvalidAmount, UnknownCurrency, to_minor
from loyalty.domain.program import ProgramSettings, Rounding
from loyalty.domain.purchase import YEARS, Line, MemberFacts, Purchase
from loyalty.domain.rules import ActiveRule, compile_ruleset
from loyalty.errors import Invalid, NotFound
from loyalty.services.drafts import draft_rules
from loyalty.services.points_policy import terms_of
from loyalty.store import awards
from loyalty.store import program as programs
from loyalty.store import rules as store
from loyalty.store.database import Connection
from schemas.admin.program import Program
from schemas.admin.rules import SimulatedPurchase, SimulatedShare, Simulation, SimulationResult

NO_MERCHANT = UUID(int=0)

Errors = list[tuple[str, str]]


async def simulate(conn: Connection, command: Simulation, clock: Clock) -> SimulationResult:
    """Raises Invalid, with a pointer for everything in the rules or the purchase that makes no sense."""
    now = clock()
    program = await programs.get_program(conn)
    rules = await store.list_active_rules(conn) if command.rules is None else draft_rules(command.rules)
    purchase = _purchase(command.transaction, program, now)
    ruleset = compile_ruleset(rules, _settings(program))
    member_id = command.transaction.member_id
    usage = await _usage(conn, member_id, ruleset.usage_keys(purchase))
    award = ruleset.evaluate(purchase, await _facts(conn, member_id, now), usage)
    return _result(award, rules)


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
    at = wanted.occurred_at or now
    if at.year not in YEARS:
        errors.append(("/transaction/occurred_at", f"The year is not one of {YEARS[0]} to {YEARS[-1]}"))
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


async def _facts(conn: Connection, member_id: UUID | None, now: datetime) -> MemberFacts:
    if member_id is None:
        return await store.newcomer_facts(conn, now)
    try:
        return await store.member_facts(conn, member_id)
    except NotFound:
        raise Invalid([("/transaction/member_id", "There is no such member")]) from None


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
