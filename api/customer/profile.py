"""The member's own data: changed, taken away as a file, erased."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from pydantic import SecretStr

from api.kit.routes import MEMBER, Answer, Call, Database, Download, Route
from loyalty.services.auditing import Actor
from loyalty.services.erasing import erase_member
from loyalty.services.personal_export import export_member
from loyalty.services.profiles import BirthDateKnown, change_profile
from loyalty.services.signing_in import WrongPassword
from loyalty.store import identities, members
from loyalty.store.conflicts import EmailTaken
from loyalty.store.members import MemberInactive
from schemas.customer import Profile
from schemas.profiles import Leaving, PersonalExport, ProfilePatch

FILE = {"Content-Disposition": 'attachment; filename="laurel-my-data.json"'}
NOT_PROFILE = {"password", "new_password"}


async def patch_profile(call: Call[ProfilePatch, None]) -> Answer:
    given = call.body.given()
    password_hash = None
    if NOT_PROFILE & given.keys():
        await _check_password(call, given["password"])
    if new_password := given.get("new_password"):
        password_hash = await call.deps.passwords.hash(new_password.get_secret_value())
    changes = {name: value for name, value in given.items() if name not in NOT_PROFILE}
    async with call.transaction() as conn:
        await members.require_active(conn, call.principal.id)
        profile = await change_profile(conn, call.principal.id, changes, password_hash, _actor(call), call.deps.clock)
    return Answer(200, profile)


async def delete_profile(call: Call[Leaving, None]) -> Answer:
    await _check_password(call, call.body.password)
    member_id = call.principal.id
    async with call.transaction() as conn:
        await erase_member(conn, member_id, "member_asked", _actor(call), call.deps.clock, call.deps.new_id)
    call.deps.poke.poke()
    return Answer(204, changed_members=frozenset({member_id}))


async def get_export(call: Call[None, None]) -> Download:
    return Download(_export(call), "application/json", FILE)


async def _export(call: Call[None, None]) -> AsyncGenerator[bytes, None]:
    async with call.snapshot() as conn:
        await members.require_active(conn, call.principal.id)
        async for part in export_member(conn, call.principal.id, call.deps.clock()):
            yield part


async def _check_password(call: Call[Any, Any], password: SecretStr) -> None:
    """As limited as a sign-in, for whoever has the token and not the password. Raises WrongPassword."""
    member_id = call.principal.id
    await call.deps.limiter.spend(call.deps.login_policy, f"customer:password:{member_id}")
    async with call.lent() as conn:
        await members.require_active(conn, member_id)
        found = await identities.find_password_hash(conn, member_id)
    if not await call.deps.passwords.check(found, password.get_secret_value()):
        raise WrongPassword


def _actor(call: Call[Any, Any]) -> Actor:
    return Actor("member", str(call.principal.id), call.request_id, call.address, call.traceparent)


ROUTES = (
    Route(
        method="PATCH",
        path="/profile",
        handler=patch_profile,
        summary="Change the member's own profile",
        description="A new email or password asks for the present password. A new password ends every session.",
        tag="Account",
        access=MEMBER,
        body=ProfilePatch,
        answers={200: Profile},
        problems=(EmailTaken, BirthDateKnown, WrongPassword, MemberInactive),
        database=Database.NONE,
    ),
    Route(
        method="DELETE",
        path="/profile",
        handler=delete_profile,
        summary="Leave the program and be forgotten",
        description="Name, email, birthday, password and sessions are erased at once, and what points are left is "
        "forfeited. Purchases and points stay in the books under an id that names nobody. It cannot be taken back: "
        "take the export first.",
        tag="Account",
        access=MEMBER,
        body=Leaving,
        answers={204: None},
        problems=(WrongPassword, MemberInactive),
        database=Database.NONE,
    ),
    Route(
        method="GET",
        path="/export",
        handler=get_export,
        summary="All that is held of the member, as one JSON document",
        tag="Account",
        access=MEMBER,
        answers={200: PersonalExport},
        problems=(MemberInactive,),
        database=Database.NONE,
    ),
)
