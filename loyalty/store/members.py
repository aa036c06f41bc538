"""Members as they see themselves, and their wallets."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from loyalty.errors import Forbidden, Unauthenticated, having
from loyalty.store.conflicts import conflicts_by_constraint
from loyalty.store.database import Connection, Record
from loyalty.store.queries import fetch_all, queries
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


async def find_login(conn: Connection, email: str) -> tuple[str, MemberLogin | None]:
    """The email as all that are the same account are written, and what a sign-in compares if there is a member.

    The only query that reads the password's hash.
    """
    account, member_id, password_hash, status = await queries.find_member_login(conn, email=email)
    return account, MemberLogin(member_id, password_hash, status) if member_id else None


async def get_profile(conn: Connection, member_id: UUID) -> Profile:
    """Raises Unauthenticated, MemberInactive."""
    row = await queries.find_member_profile(conn, member_id=member_id)
    check_active(row and row["status"])
    return Profile.model_validate(dict(row))


async def require_active(conn: Connection, member_id: UUID) -> None:
    """Raises Unauthenticated, MemberInactive."""
    check_active(await queries.find_member_status(conn, member_id=member_id))


async def list_balances(conn: Connection, member_ids: Collection[UUID], expiring_limit: int) -> list[Record]:
    """Of each member that there is: the wallet, the status, the tier and the next one, the soonest points to expire."""
    rows = queries.list_balances(conn, member_ids=list(member_ids), expiring_limit=expiring_limit)
    return await fetch_all(rows)


def check_active(status: str | None) -> None:
    """Raises Unauthenticated without a status, that is without a member; MemberInactive for one that may not act."""
    if error := refusal(status):
        raise error


def refusal(status: str | None) -> Unauthenticated | MemberInactive | None:
    """What `check_active` raises."""
    if status is None:
        return unknown_member()
    return None if status == "active" else MemberInactive(member_status=status)


def unknown_member() -> Unauthenticated:
    """What is said of a token whose member is gone."""
    return Unauthenticated("The member whom this token names does not exist.")
