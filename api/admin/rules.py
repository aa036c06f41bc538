"""/earning-rules."""

from api.admin.calls import actor_of, answer_page
from api.kit.routes import Answer, Call
from loyalty.services import rules as services
from loyalty.services.simulating import simulate
from loyalty.store import rules
from schemas.admin.rules import ActivateRule, NewRule, RuleFilter, Simulation


async def list_rules(call: Call[None, RuleFilter]) -> Answer:
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


async def simulate_rules(call: Call[Simulation, None]) -> Answer:
    return Answer(200, await simulate(call.conn, call.body, call.deps.clock))
