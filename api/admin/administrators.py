"""/admins and /me."""

from api.admin.calls import actor_of, answer_page
from api.kit.routes import Answer, Call
from loyalty.services import administrators as services
from loyalty.store import admins
from schemas.admin.access import AdminPatch, NewAdmin
from schemas.common import PageQuery


async def get_me(call: Call[None, None]) -> Answer:
    return Answer(200, await admins.get_admin(call.conn, call.principal.id))


async def list_admins(call: Call[None, PageQuery]) -> Answer:
    return await answer_page(call, admins.list_admins, "admins", lambda admin: admin.admin_id)


async def create_admin(call: Call[NewAdmin, None]) -> Answer:
    password_hash = await call.deps.passwords.hash(call.body.password.get_secret_value())
    async with call.transaction() as conn:
        created = await services.create_admin(
            conn, call.body, password_hash, actor_of(call), call.deps.clock, call.deps.new_id
        )
    return Answer(201, created)


async def change_admin(call: Call[AdminPatch, None]) -> Answer:
    password = call.body.given().get("password")
    password_hash = await call.deps.passwords.hash(password.get_secret_value()) if password else None
    async with call.transaction() as conn:
        changed = await services.change_admin(
            conn, call.path["admin_id"], call.body, password_hash, actor_of(call), call.deps.clock
        )
    return Answer(200, changed)
