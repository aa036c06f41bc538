"""The friends whom a member brought, as the member sees them. Nothing here changes anything."""

from dataclasses import dataclass
from uuid import UUID

from loyalty.clock import Clock
from loyalty.store import members, referrals
from loyalty.store.database import Connection
from schemas.admin.referrals import Referral, ReferralFilter
from schemas.friends import FriendTerms


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a member can give to friends, on what terms, and how many have taken it up."""

    code: str | None
    completed: int
    terms: FriendTerms


async def view_invitation(conn: Connection, member_id: UUID, clock: Clock) -> Invitation:
    """Raises Unauthenticated, MemberInactive."""
    profile = await members.get_profile(conn, member_id)
    stored = await referrals.get_terms(conn)
    brought = (await referrals.count_completed(conn, {member_id}, clock())).get(member_id)
    terms = FriendTerms(
        purchases=stored.terms.purchases,
        minimum_amount=stored.terms.minimum_amount,
        currency=stored.currency,
        within_days=stored.terms.within_days,
    )
    return Invitation(profile.referral_code, brought.ever if brought else 0, terms)


async def view_friends(conn: Connection, member_id: UUID, before: UUID | None, limit: int) -> list[Referral]:
    """Those who joined last first."""
    return await referrals.list_referrals(conn, ReferralFilter(referrer_id=member_id), before, limit)
