"""Who members are: changed, compared with a password, erased."""

from datetime import datetime
from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.conflicts import conflicts_by_constraint
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.customer import Profile


async def lock_profile(conn: Connection, member_id: UUID) -> Profile:
    """The profile, held until the transaction ends. Raises NotFound."""
    row = await queries.lock_profile(conn, member_id=member_id)
    if row is None:
        raise NotFound("There is no such member.")
    return Profile.model_validate(dict(row))


async def update_profile(conn: Connection, profile: Profile) -> None:
    """Raises EmailTaken, ExternalIdTaken."""
    with conflicts_by_constraint():
        await queries.update_profile(
            conn,
            member_id=profile.member_id,
            email=profile.email,
            name=profile.name,
            birth_date=profile.birth_date,
            external_id=profile.external_id,
            status=profile.status,
        )


async def find_password_hash(conn: Connection, member_id: UUID) -> str | None:
    """What the password of an active member is compared with; None for a member without one."""
    found: str | None = await queries.member_password_hash(conn, member_id=member_id)
    return found


async def set_password(conn: Connection, member_id: UUID, password_hash: str) -> None:
    await queries.set_member_password(conn, member_id=member_id, password_hash=password_hash)


async def revoke_sessions(conn: Connection, member_id: UUID, at: datetime) -> None:
    """No session of the member's is carried on from now on."""
    await queries.revoke_member_sessions(conn, member_id=member_id, at=at)


async def erase(conn: Connection, member_id: UUID, at: datetime) -> None:
    """Forgets what identifies the member, wherever loyalty.store.personal_data says that there is any."""
    await queries.erase_identity(conn, member_id=member_id, at=at)
    await queries.erase_sessions(conn, member_id=member_id)
    await queries.erase_answers(conn, member_id=member_id)
    await queries.erase_transfer_notes(conn, member_id=member_id)
    await queries.erase_from_audit_log(conn, member_id=member_id)


async def erased_at(conn: Connection, member_id: UUID) -> datetime | None:
    """When the member was erased, None for one who was not."""
    found: datetime | None = await queries.member_erased_at(conn, member_id=member_id)
    return found
