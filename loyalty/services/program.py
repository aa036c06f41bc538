"""The program's settings and its tiers. Both are part of what a purchase earns: see loyalty.services.rules."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loyalty.clock import Clock
from loyalty.domain.money import EXPONENTS
from loyalty.errors import Conflict, Invalid, having
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.tier_rules import tier_rules
from loyalty.store import program as store
from loyalty.store.database import Connection
from schemas.admin.program import Program, ProgramPatch, Tiers

FIRST_TIER = "base"


class CurrencyFixed(Conflict):
    """The currency cannot change any more: purchases were recorded in it."""

    code = "currency_fixed"
    members = having(currency=str)


class TierInUse(Conflict):
    """A tier that members are in or rewards ask for cannot be taken off the ladder."""

    code = "tier_in_use"
    members = having(tier_codes=list[str])


async def change_program(conn: Connection, command: ProgramPatch, actor: Actor, clock: Clock) -> Program:
    """Raises Invalid for an unknown currency or time zone, and CurrencyFixed."""
    _check_names(command)
    before = await store.lock_program(conn)
    after = before.model_copy(update=command.given())
    if after == before:
        return before
    if after.currency != before.currency and await store.any_transaction(conn):
        raise CurrencyFixed(currency=before.currency)
    await store.update_program(conn, after)
    if _earning(after) != _earning(before):
        after = after.model_copy(update={"ruleset_version": await store.raise_ruleset_version(conn)})
    await record_change(conn, Change("program.changed", "program", "program", before, after), actor, clock())
    return after


async def replace_tiers(conn: Connection, command: Tiers, actor: Actor, clock: Clock) -> Tiers:
    """Stores the whole ladder. Raises Invalid for a ladder that is none, TierInUse."""
    _check_ladder(command)
    await store.lock_program(conn)
    before = await store.get_tiers(conn)
    ordered = sorted(command.tiers, key=lambda tier: tier.rank)
    after = Tiers(tiers=ordered, qualification=command.qualification)
    if after == before:
        return before
    gone = {tier.code for tier in before.tiers} - {tier.code for tier in after.tiers}
    if used := await store.tiers_in_use(conn, gone):
        raise TierInUse(tier_codes=sorted(used))
    await store.replace_tiers(conn, gone, after.tiers)
    await store.save_tier_qualification(conn, after.qualification)
    await store.raise_ruleset_version(conn)
    await record_change(conn, Change("tiers.replaced", "program", "program", before, after), actor, clock())
    return after


def _earning(program: Program) -> tuple[str, str, str]:
    return program.currency, program.time_zone, program.rounding


def _check_names(command: ProgramPatch) -> None:
    given = command.given()
    errors = []
    if "currency" in given and given["currency"] not in EXPONENTS:
        errors.append(("/currency", "This is not a currency of ISO 4217"))
    if "time_zone" in given and not _is_time_zone(given["time_zone"]):
        errors.append(("/time_zone", "This is not a time zone of the IANA database, such as Europe/London"))
    if errors:
        raise Invalid(errors)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _check_ladder(command: Tiers) -> None:
    first = min(command.tiers, key=lambda tier: tier.rank)
    if first.code != FIRST_TIER or first.threshold_points or first.threshold_spend_minor:
        raise Invalid([("/tiers", f"The lowest tier is {FIRST_TIER!r}, at 0 points: members begin there")])
    try:
        tier_rules(command.tiers, command.qualification, "UTC")
    except ValueError as error:
        raise Invalid([("/tiers", str(error))]) from error
