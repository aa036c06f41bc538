"""Enrolling: a member whom an operator or another system signs up. They sign in only once they have a password."""

from loyalty.clock import Clock, IdSource, new_id
from loyalty.services.auditing import Actor, Change, record_change
from loyalty.services.registering import RegisterMember, register_member
from loyalty.store import members_admin
from loyalty.store.database import Connection
from schemas.admin.members import Member, NewMember


async def enrol_member(
    conn: Connection, command: NewMember, actor: Actor, clock: Clock, make_id: IdSource = new_id
) -> Member:
    """Raises EmailTaken, ExternalIdTaken."""
    registration = RegisterMember(
        email=command.email,
        name=command.name,
        external_id=command.external_id,
        birth_date=command.birth_date,
        traceparent=actor.traceparent,
    )
    profile = await register_member(conn, registration, clock, make_id)
    member = await members_admin.get_member(conn, profile.member_id)
    change = Change("member.created", "member", str(member.member_id), None, member)
    await record_change(conn, change, actor, member.created_at)
    return member
