"""Changing who a member is: by the member, or by an operator.

An email and a password are the way in, so a member changes them only with the present password, and a new password ends
every session. A birthday brings treats: a member tells it once, and afterwards only an operator changes it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.clock import Clock
from loyalty.errors import Conflict
from loyalty.services.adjusting import MemberErased
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.store import identities, members, members_admin
from loyalty.store.database import Connection
from schemas.admin.members import Member, MemberPatch
from schemas.customer import Profile


class BirthDateKnown(Conflict):
    """A birthday is told once: ask the program's staff to correct it."""

    code = "birth_date_known"


async def change_profile(
    conn: Connection, member_id: UUID, given: dict[str, Any], password_hash: str | None, actor: Actor, clock: Clock
) -> Profile:
    """What a member changes of themselves: `given` has name, email, birth_date. The edge has checked the password.

    Raises EmailTaken, BirthDateKnown, MemberInactive, NotFound.
    """
    before, at = await identities.lock_profile(conn, member_id), clock()
    members.check_active(before.status)
    after = before.model_copy(update=given)
    if before.birth_date is not None and after.birth_date != before.birth_date:
        raise BirthDateKnown
    if after != before:
        await identities.update_profile(conn, after)
        await record_change(conn, Change("member.changed", "member", str(member_id), before, after), actor, at)
    if password_hash is not None:
        await _set_password(conn, after, password_hash, actor, at)
    return after


async def change_member(conn: Connection, member_id: UUID, command: MemberPatch, actor: Actor, clock: Clock) -> Member:
    """What an operator changes of a member; one who may no longer act is signed out.

    Raises NotFound, MemberErased, EmailTaken, ExternalIdTaken.
    """
    profile, at = await identities.lock_profile(conn, member_id), clock()
    if profile.status == "erased":
        raise MemberErased
    before = await members_admin.get_member(conn, member_id)
    changed = profile.model_copy(update=command.given())
    if changed == profile:
        return before
    await identities.update_profile(conn, changed)
    if changed.status != "active":
        await identities.revoke_sessions(conn, member_id, at)
    after = await members_admin.get_member(conn, member_id)
    await record_change(conn, Change("member.changed", "member", str(member_id), before, after), actor, at)
    return after


async def _set_password(conn: Connection, profile: Profile, password_hash: str, actor: Actor, at: datetime) -> None:
    await identities.set_password(conn, profile.member_id, password_hash)
    await identities.revoke_sessions(conn, profile.member_id, at)
    change = Change("member.password_changed", "member", str(profile.member_id), profile, profile)
    await record_change(conn, change, actor, at)
