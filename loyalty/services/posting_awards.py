"""What awards have in common, whatever they are for: the entry in the ledger, the row, what the wallet is left with."""

from datetime import datetime
from typing import Generic, NamedTuple
from uuid import UUID

from loyalty.domain.award import Award
from loyalty.domain.ledger import earn
from loyalty.services.incoming import E, Incoming
from loyalty.services.posting import Book, Booking
from loyalty.services.rulesets import RulesetInForce
from loyalty.store.awards import NewAward
from loyalty.store.ledger import Wallet


class Awarded(NamedTuple, Generic[E]):
    """An event with the award for its source (a purchase, a custom event), and what that left in the wallet.

    pending_until: to when the points are pending; None when they are available, or when there are none.
    """

    event: Incoming[E]
    source_id: UUID
    member_id: UUID
    award: Award
    pending_until: datetime | None
    available_after: int
    wallet_version: int

    def row(self, ruleset_version: int, entry_id: int | None) -> NewAward:
        """The award as it is stored."""
        return NewAward(
            transaction_id=self.source_id,
            member_id=self.member_id,
            points=self.award.points,
            entry_id=entry_id,
            ruleset_version=ruleset_version,
            receipt=self.award.receipt.text,
            wallet_version=self.wallet_version,
        )


def post_award(
    book: Book, wallet: Wallet, event: Incoming[E], source_id: UUID, award: Award, rules: RulesetInForce, at: datetime
) -> Awarded[E]:
    """Books the award's points, if it has any."""
    member_id = wallet.member_id
    if not award.points:
        return Awarded(event, source_id, member_id, award, None, wallet.available, book.touch(member_id))
    pending_until = _still_pending(award, at)
    draft = earn(event.event_id, member_id, award.points, pending=pending_until is not None, owed=wallet.owed)
    booking = Booking(
        draft,
        source_id=source_id,
        booked_at=at,
        expires_at=award.expires_at,
        traceparent=event.traceparent,
        pending_until=pending_until,
        rolls_months=rules.terms.rolls_months,
    )
    posted = book.post(booking)
    return Awarded(event, source_id, member_id, award, pending_until, posted.available_after, posted.wallet_version)


def _still_pending(award: Award, at: datetime) -> datetime | None:
    """What is processed late may be past its pending period."""
    return award.pending_until if award.pending_until is not None and award.pending_until > at else None
