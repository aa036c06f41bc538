"""/admins and /me."""

from api.admin.calls import actor_of, answer_page
from api.admin.table import change, read, tagged
from api.kit.routes import ADMIN, Answer, Call, Database, Download
from loyalty.services import administrators as services
from loyalty.services.administrators import LastAdmin
from loyalty.store import admins
from loyalty.store.conflicts import EmailTaken
from schemas.admin.access import Admin, AdminPage, AdminPatch, NewAdmin
from schemas.admin.lists import ListQuery


async def get_me(call: Call[None, None]) -> Answer:
    return Answer(200, await admins.get_admin(call.conn, call.principal.id))


async def list_admins(call: Call[None, ListQuery]) -> Answer | Download:
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


ROUTES = (
    *tagged(
        "Sessions",
        read("/me", get_me, "Who am I", Admin),
    ),
    *tagged(
        "Administration",
        read("/admins", list_admins, "List administrators", AdminPage, ListQuery),
        change(
            "POST",
            "/admins",
            create_admin,
            "Make someone an administrator",
            ADMIN,
            NewAdmin,
            {201: Admin},
            EmailTaken,
            database=Database.NONE,
        ),
        change(
            "PATCH",
            "/admins/{admin_id}",
            change_admin,
            "Change an administrator",
            ADMIN,
            AdminPatch,
            {200: Admin},
            LastAdmin,
            database=Database.NONE,
        ),
    ),
)
