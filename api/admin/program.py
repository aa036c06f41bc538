"""/program and /tiers."""

from api.admin.calls import actor_of
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call
from loyalty.services import points_policy as policies
from loyalty.services import program as services
from loyalty.services.program import CurrencyFixed, TierInUse
from loyalty.store import program
from schemas.admin.points_policy import PointsPolicy
from schemas.admin.program import Program, ProgramPatch, Tiers


async def get_program(call: Call[None, None]) -> Answer:
    return Answer(200, await program.get_program(call.conn))


async def change_program(call: Call[ProgramPatch, None]) -> Answer:
    return Answer(200, await services.change_program(call.conn, call.body, actor_of(call), call.deps.clock))


async def get_points_policy(call: Call[None, None]) -> Answer:
    return Answer(200, await program.get_points_policy(call.conn))


async def replace_points_policy(call: Call[PointsPolicy, None]) -> Answer:
    return Answer(200, await policies.replace_points_policy(call.conn, call.body, actor_of(call), call.deps.clock))


async def get_tiers(call: Call[None, None]) -> Answer:
    return Answer(200, await program.get_tiers(call.conn))


async def replace_tiers(call: Call[Tiers, None]) -> Answer:
    return Answer(200, await services.replace_tiers(call.conn, call.body, actor_of(call), call.deps.clock))


ROUTES = tagged(
    "Program",
    read("/program", get_program, "Get the program's settings", Program),
    change(
        "PATCH",
        "/program",
        change_program,
        "Change the program's settings",
        ADMIN,
        ProgramPatch,
        {200: Program},
        CurrencyFixed,
    ),
    read("/program/points", get_points_policy, "Get what the program promises about its points", PointsPolicy),
    change(
        "PUT",
        "/program/points",
        replace_points_policy,
        "Replace what the program promises about its points",
        ADMIN,
        PointsPolicy,
        {200: PointsPolicy},
    ),
    read("/tiers", get_tiers, "Get the tiers", Tiers),
    change("PUT", "/tiers", replace_tiers, "Replace the tiers", ADMIN, Tiers, {200: Tiers}, TierInUse),
)
