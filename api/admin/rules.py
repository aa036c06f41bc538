"""/earning-rules."""

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, VIEWER, Answer, Call, Database, Download, NoBody
from loyalty.domain.rules import InvalidRule
from loyalty.services import rules as services
from loyalty.services.simulating import simulate
from loyalty.store import rules
from schemas.admin.rules import (
    ActivateRule,
    NewRule,
    Rule,
    RuleFilter,
    RulePage,
    RuleWithVersions,
    Simulation,
    SimulationResult,
    Trial,
    TryRule,
)


async def list_rules(call: Call[None, RuleFilter]) -> Answer | Download:
    return await answer_page(call, rules.list_rules, "rules", lambda rule: rule.rule_id)


async def create_rule(call: Call[NewRule, None]) -> Answer:
    created = await services.create_rule(call.conn, call.body, actor_of(call), call.deps.clock, call.deps.new_id)
    return Answer(201, created)


async def get_rule(call: Call[None, None]) -> Answer:
    return Answer(200, await rules.get_rule_with_versions(call.conn, call.path["rule_id"]))


async def add_rule_version(call: Call[NewRule, None]) -> Answer:
    rule_id = call.path["rule_id"]
    return Answer(201, await services.add_rule_version(call.conn, rule_id, call.body, actor_of(call), call.deps.clock))


async def activate_rule(call: Call[ActivateRule, None]) -> Answer:
    activated = await services.activate_rule(
        call.conn, call.path["rule_id"], call.body, actor_of(call), call.deps.clock, call.deps.new_id
    )
    return Answer(200, activated)


async def retire_rule(call: Call[None, None]) -> Answer:
    rule_id = call.path["rule_id"]
    return Answer(
        200, await services.retire_rule(call.conn, rule_id, actor_of(call), call.deps.clock, call.deps.new_id)
    )


async def try_rule(call: Call[TryRule, None]) -> Answer:
    rule_id, deps = call.path["rule_id"], call.deps
    return Answer(200, await services.try_rule(call.conn, rule_id, call.body, actor_of(call), deps.clock, deps.new_id))


async def get_trial(call: Call[None, None]) -> Answer:
    return Answer(200, await services.get_trial(call.conn, call.path["rule_id"]))


async def simulate_rules(call: Call[Simulation, None]) -> Answer:
    return Answer(200, await simulate(call.conn, call.body, call.deps.clock))


ROUTES = tagged(
    "Earning rules",
    read("/earning-rules", list_rules, "List earning rules", RulePage, RuleFilter),
    change(
        "POST",
        "/earning-rules",
        create_rule,
        "Draft a rule",
        ADMIN,
        NewRule,
        {201: RuleWithVersions},
        InvalidRule,
    ),
    change(
        "POST",
        "/earning-rules/simulate",
        simulate_rules,
        "What would a purchase earn, and why",
        VIEWER,
        Simulation,
        {200: SimulationResult},
        database=Database.READ,
    ),
    read("/earning-rules/{rule_id}", get_rule, "Get a rule with its versions", RuleWithVersions),
    change(
        "POST",
        "/earning-rules/{rule_id}/versions",
        add_rule_version,
        "Add a version, not yet in force",
        ADMIN,
        NewRule,
        {201: RuleWithVersions},
        InvalidRule,
    ),
    change(
        "POST",
        "/earning-rules/{rule_id}/activate",
        activate_rule,
        "Put a version in force",
        ADMIN,
        ActivateRule,
        {200: Rule},
        body_optional=True,
    ),
    change(
        "POST",
        "/earning-rules/{rule_id}/retire",
        retire_rule,
        "Take a rule out of force",
        ADMIN,
        NoBody,
        {200: Rule},
    ),
    change(
        "POST",
        "/earning-rules/{rule_id}/try",
        try_rule,
        "Put a version on trial: evaluated on every purchase, awarding nothing",
        ADMIN,
        TryRule,
        {200: Rule},
        services.RuleInForce,
        body_optional=True,
    ),
    read("/earning-rules/{rule_id}/trial", get_trial, "What a rule on trial would have given", Trial),
)
