"""The earning rules in force, compiled once and kept until the program or its rules change."""

from collections.abc import Mapping
from typing import NamedTuple

from loyalty.domain.program import ProgramSettings, Rounding
from loyalty.domain.rules import Ruleset, compile_ruleset
from loyalty.domain.rules.ruleset import compile_event_rulesets
from loyalty.domain.terms import PointsTerms
from loyalty.services.points_policy import terms_of
from loyalty.services.rules_on_trial import RulesOnTrial, rules_on_trial
from loyalty.services.tier_rules import TierRules, tier_rules
from loyalty.store import program as programs
from loyalty.store import rules as store
from loyalty.store.database import Connection, Record
from loyalty.store.queries import queries
from schemas.admin.points_policy import PointsPolicy


class RulesetInForce(NamedTuple):
    """The rules as compiled, and the version of the program's rules that they are."""

    version: int
    ruleset: Ruleset
    tiers: TierRules
    on_trial: RulesOnTrial | None
    currency: str
    by_event_type: Mapping[str, Ruleset]
    no_rules: Ruleset
    terms: PointsTerms = PointsTerms()

    def for_events(self, event_type: str) -> Ruleset:
        """The rules for custom events of this type."""
        return self.by_event_type.get(event_type, self.no_rules)


class Rulesets:
    """Gives the rules in force at the cost of one small read; compiles them again when their version has changed."""

    def __init__(self) -> None:
        self._program: tuple[object, ...] | None = None
        self._in_force: RulesetInForce | None = None

    async def current(self, conn: Connection) -> RulesetInForce:
        """The rules in force now. Raises InvalidRule when a stored rule cannot be read."""
        while True:
            program = await queries.program_settings(conn)
            if self._in_force is not None and self._program == tuple(program):
                return self._in_force
            self._in_force = await _compile(conn, program)
            self._program = tuple(program)
            # Read the program once more: rules that were activated in between belong to a later version.


async def _compile(conn: Connection, program: Record) -> RulesetInForce:
    rules = await store.list_active_rules(conn)
    trials = await store.list_rules_on_trial(conn)
    terms = terms_of(PointsPolicy.model_validate(program["points"]))
    settings = ProgramSettings(program["currency"], program["time_zone"], Rounding(program["rounding"]), terms)
    tiers = await read_tier_rules(conn)
    on_trial = rules_on_trial(rules, trials, settings)
    return RulesetInForce(
        program["ruleset_version"],
        compile_ruleset(rules, settings),
        tiers,
        on_trial,
        settings.currency,
        compile_event_rulesets(rules, settings),
        compile_ruleset([], settings),
        terms,
    )


async def read_tier_rules(conn: Connection) -> TierRules:
    """The ladder as it is stored now."""
    tiers, time_zone = await programs.get_tiers_and_zone(conn)
    return tier_rules(tiers.tiers, tiers.qualification, time_zone)
