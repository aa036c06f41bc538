"""Joining: a member, their empty wallet, and member.registered.

Passwords come here hashed: hashing takes long on purpose, so the edge does it before it opens a transaction.
"""

from dataclasses import dataclass
from datetime import date

from loyalty.clock import Clock, IdSource, new_id
from loyalty.services.events import emit, outgoing
from loyalty.services.referring import refer
from loyalty.store import members
from loyalty.store.database import Connection
from schemas.customer import Profile
from schemas.events import MemberRegistered

FIRST_TIER = "base"


@dataclass(frozen=True, slots=True)
class RegisterMember:
    """Who joins. A member without an email or password cannot sign in until an operator gives them one."""

    email: str | None = None
    name: str | None = None
    password_hash: str | None = None
    external_id: str | None = None
    birth_date: date | None = None
    referral_code: str | None = None
    traceparent: str | None = None


async def register_member(
    conn: Connection, command: RegisterMember, clock: Clock, make_id: IdSource = new_id
) -> Profile:
    """Raises EmailTaken, ExternalIdTaken (loyalty.store.conflicts), Invalid for a referral code that is nobody's."""
    at = clock()
    member = Profile(
        member_id=make_id(),
        external_id=command.external_id,
        email=command.email,
        name=command.name,
        status="active",
        tier_code=FIRST_TIER,
        created_at=at,
        birth_date=command.birth_date,
    )
    code = await members.insert(conn, member, command.password_hash)
    if command.referral_code is not None:
        await refer(conn, member.member_id, command.referral_code, at)
    event = MemberRegistered(member_id=member.member_id, registered_at=at)
    await emit(conn, [outgoing(event, event_id=member.member_id, occurred_at=at, traceparent=command.traceparent)])
    return member.model_copy(update={"referral_code": code})
