"""/program and /tiers."""

from api.admin.calls import actor_of
from api.kit.routes import Answer, Call
from loyalty.services import program as services
from loyalty.store import program
from schemas.admin.program import ProgramPatch, Tiers


async def get_program(call: Call[None, None]) -> Answer:
    return Answer(200, await program.get_program(call.conn))


async def change_program(call: Call[ProgramPatch, None]) -> Answer:
    return Answer(200, await services.change_program(call.conn, call.body, actor_of(call), call.deps.clock))


async def get_tiers(call: Call[None, None]) -> Answer:
    return Answer(200, Tiers(tiers=await program.list_tiers(call.conn)))


async def replace_tiers(call: Call[Tiers, None]) -> Answer:
    return Answer(200, await services.replace_tiers(call.conn, call.body, actor_of(call), call.deps.clock))
