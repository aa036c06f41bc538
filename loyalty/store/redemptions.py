"""Redemptions as members ask for them and see them."""

from uuid import UUID

from loyalty.errors import NotFound
from loyalty.store.database import Connection
from loyalty.store.members import check_active
from loyalty.store.queries import queries
from schemas.customer import Redemption


async def lock_member(conn: Connection, member_id: UUID) -> None:
    """Locks the member's wallet until the transaction ends. Raises Unauthenticated, MemberInactive."""
    check_active(await queries.lock_member_for_redemption(conn, member_id=member_id))


async def insert(conn: Connection, member_id: UUID, redemption: Redemption, hold_entry_id: int | None = None) -> None:
    """A redemption that waits for its decision, its points held by an entry or not."""
    await queries.insert_redemption(
        conn,
        redemption_id=redemption.redemption_id,
        member_id=member_id,
        reward_id=redemption.reward_id,
        points_cost=redemption.points_cost,
        requested_at=redemption.requested_at,
        hold_entry_id=hold_entry_id,
    )


async def get(conn: Connection, member_id: UUID, redemption_id: UUID) -> Redemption:
    """A member's own redemption. Raises NotFound."""
    row = await queries.find_redemption(conn, member_id=member_id, redemption_id=redemption_id)
    if row is None:
        raise NotFound("There is no such redemption.")
    return Redemption.model_validate(dict(row))
