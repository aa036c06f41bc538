"""Giving back the points of a redemption that came to nothing, in a book that is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty.clock import IdSource
from loyalty.domain.ledger import EntryDraft, restore, unhold
from loyalty.domain.returning import Return, Taken, plan_return
from loyalty.services.posting import Book, Booking, PostedEntry
from loyalty.store.ledger import NewLot


@dataclass(frozen=True, slots=True)
class Returned:
    """The entry that gives points back, and the one that books out what had expired meanwhile, if something had."""

    entry: PostedEntry
    expired: PostedEntry | None

    @property
    def wallet_version(self) -> int:
        return (self.expired or self.entry).wallet_version

    @property
    def available_after(self) -> int:
        return (self.expired or self.entry).available_after


@dataclass(frozen=True, slots=True)
class Returner:
    """Gives points back in `book`, under the program's policy about lots that have expired."""

    book: Book
    grace_days: int | None
    at: datetime
    ids: IdSource

    def give_back_held(
        self,
        event_id: UUID,
        member_id: UUID,
        redemption_id: UUID,
        taken: Sequence[Taken],
        traceparent: str | None = None,
    ) -> Returned:
        """Points that were held."""
        plan = self._plan(member_id, taken)
        draft = unhold(event_id, member_id, _points(taken), owed=plan.paid)
        return self._post(draft, redemption_id, taken, plan, traceparent)

    def give_back_spent(
        self,
        event_id: UUID,
        member_id: UUID,
        redemption_id: UUID,
        taken: Sequence[Taken],
        reason: str,
        traceparent: str | None = None,
    ) -> Returned:
        """Points that were paid for a reward."""
        plan = self._plan(member_id, taken)
        draft = restore(event_id, member_id, _points(taken), owed=plan.paid, reason=reason)
        return self._post(draft, redemption_id, taken, plan, traceparent)

    def _plan(self, member_id: UUID, taken: Sequence[Taken]) -> Return:
        owed = self.book.wallets[member_id].owed
        return plan_return(taken, owed, self.at, renew_expired=self.grace_days is not None)

    def _post(
        self, draft: EntryDraft, redemption_id: UUID, taken: Sequence[Taken], plan: Return, traceparent: str | None
    ) -> Returned:
        lapsed_ids = {lot.lot_id for lot in plan.lapsed}
        self.book.know_lots(draft.member_id, [one.lot for one in taken if one.lot.lot_id not in lapsed_ids])
        booking = Booking(
            draft,
            source_id=redemption_id,
            booked_at=self.at,
            traceparent=traceparent,
            lots=self._renewed(plan.renewed),
            draws=plan.draws,
        )
        entry = self.book.post(booking)
        expired = self.book.expire_lots(draft.member_id, plan.lapsed, self.at, self.ids()) if plan.lapsed else None
        return Returned(entry, expired)

    def _renewed(self, points: int) -> Sequence[NewLot]:
        if not points:
            return ()
        assert self.grace_days is not None, "points are renewed for some days"
        return (NewLot(points, self.at, self.at + timedelta(days=self.grace_days)),)


def _points(taken: Sequence[Taken]) -> int:
    return sum(one.points for one in taken)
