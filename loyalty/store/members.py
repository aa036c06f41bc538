"""Members as they see themselves, and their wallets."""

from dataclasses import dataclass
from uuid import UUID

from loyalty.errors import Forbidden, Unauthenticated, having
from loyalty.store.conflicts import conflicts_by_constraint
from loyalty.store.database import Connection, Record
from loyalty.store.queries import queries
from schemas.customer import Profile


class MemberInactive(Forbidden):
    """This membership is not active."""

    code = "member_inactive"
    members = having(member_status=str)


@dataclass(frozen=True, slots=True)
class MemberLogin:
    member_id: UUID
    password_hash: str | None
    status: str


async def insert(conn: Connection, member: Profile, password_hash: str | None) -> str:
    """A new member with an empty wallet: the code that they may give to friends. Raises EmailTaken, ExternalIdTaken."""
    with conflicts_by_constraint():
        code: str = await queries.insert_member(
            conn,
            member_id=member.member_id,
            external_id=member.external_id,
            email=member.email,
            name=member.name,
            password_hash=password_hash,
            created_at=member.created_at,
            birth_date=member.birth_date,
        )
    await queries.insert_wallet(conn, member_id=member.member_id, created_at=member.created_at)
    return code


async def find_login(conn: Connection, email: str) -> MemberLogin | None:
    """What a sign-in compares. The only query that reads the password's hash."""
    row = await queries.find_member_login(conn, email=email)
    return MemberLogin(**row) if row else None


async def get_profile(conn: Connection, member_id: UUID) -> Profile:
    """Raises Unauthenticated, MemberInactive."""
    row = await queries.find_member_profile(conn, member_id=member_id)
    check_active(row and row["status"])
    return Profile.model_validate(dict(row))


async def require_active(conn: Connection, member_id: UUID) -> None:
    """Raises Unauthenticated, MemberInactive."""
    check_active(await queries.find_member_status(conn, member_id=member_id))


async def find_balance(conn: Connection, member_id: UUID, expiring_limit: int) -> Record:
    """The wallet, the tier and the next one, the soonest points to expire. Raises Unauthenticated, MemberInactive."""
    row: Record | None = await queries.find_balance(conn, member_id=member_id, expiring_limit=expiring_limit)
    check_active(row and row["status"])
    assert row is not None
    return row


def check_active(status: str | None) -> None:
    """Raises Unauthenticated without a status, that is without a member; MemberInactive for one that may not act."""
    if status is None:
        raise Unauthenticated("The member whom this token names does not exist.")
    if status != "active":
        raise MemberInactive(member_status=status)
