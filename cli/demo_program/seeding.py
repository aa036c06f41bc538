"""Puts the demo program into a database that has no program yet, through the services that the Admin API uses.

All of it or nothing, under the lock on the program's row: doing it twice, or twice at once, is doing it once. A
database with a program of its own is left as it is.
"""

from __future__ import annotations

from enum import Enum
from importlib.resources import files
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel

from loyalty.clock import Clock
from loyalty.services.auditing import Actor
from loyalty.services.points_policy import replace_points_policy
from loyalty.services.program import change_program, replace_tiers
from loyalty.services.rewards_admin import create_reward
from loyalty.services.rules import activate_rule, create_rule, try_rule
from loyalty.store import program as store
from loyalty.store.database import Connection
from loyalty.store.replaying import program_names
from schemas.admin.points_policy import PointsPolicy
from schemas.admin.program import ProgramPatch, Tiers
from schemas.admin.rewards import NewReward
from schemas.admin.rules import ActivateRule, NewRule, TryRule

T = TypeVar("T", bound=BaseModel)

SEEDER = Actor(kind="system", id="laurel demo program")


class Seeded(Enum):
    """What was found, and so done."""

    CREATED = "the demo program was created"
    PRESENT = "the demo program was there already"
    FOREIGN = "the database has a program of its own, which was left as it is"


def demo_program() -> dict[str, Any]:
    """The program as data: settings, terms, tiers, rules and rewards, each as the Admin API takes them."""
    described: dict[str, Any] = orjson.loads((files("cli.demo_program") / "program.json").read_bytes())
    return described


async def seed_demo_program(conn: Connection, clock: Clock) -> Seeded:
    """Create the demo program if there is none. Call it in a transaction."""
    described = demo_program()
    await store.lock_program(conn)
    names = await program_names(conn)
    if {rule["name"] for rule in described["rules"]} <= names:
        return Seeded.PRESENT
    if names or await store.any_transaction(conn):
        return Seeded.FOREIGN
    await _create(conn, described, clock)
    return Seeded.CREATED


async def _create(conn: Connection, described: dict[str, Any], clock: Clock) -> None:
    await change_program(conn, _as(ProgramPatch, described["program"]), SEEDER, clock)
    await replace_points_policy(conn, _as(PointsPolicy, described["points"]), SEEDER, clock)
    ladder = {"tiers": described["tiers"], "qualification": described["qualification"]}
    await replace_tiers(conn, _as(Tiers, ladder), SEEDER, clock)
    for definition in described["rules"]:
        rule = await create_rule(conn, NewRule(definition), SEEDER, clock)
        await activate_rule(conn, rule.rule_id, ActivateRule(), SEEDER, clock)
    for definition in described["rules_on_trial"]:
        rule = await create_rule(conn, NewRule(definition), SEEDER, clock)
        await try_rule(conn, rule.rule_id, TryRule(), SEEDER, clock)
    for reward in described["rewards"]:
        await create_reward(conn, _as(NewReward, reward), SEEDER, clock)


def _as(command: type[T], described: dict[str, Any]) -> T:
    """The command as the Admin API would read it from JSON."""
    return command.model_validate_json(orjson.dumps(described))
