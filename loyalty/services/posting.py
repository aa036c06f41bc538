"""Booking points: a book is opened on some members, entries are posted in it, and it is closed in the same transaction.

While a book is open its members' wallets are locked, so what it computes (balances, seq, versions, draws) is what will
be stored. Nothing reaches the database before `close`; a book that is not closed has changed nothing.

An entry may draw only lots that were there when the book was opened, not those made in the same book. Lots that have
expired by the time the book is about are not among those that can be spent: `expire_due` books them out first.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from loyalty.clock import IdSource
from loyalty.domain.ledger import Account, EntryDraft, EntryKind, Posting, expire
from loyalty.domain.lots import InsufficientPoints, Lot, LotDraw, after, consume, drain, unexpired
from loyalty.store import ledger
from loyalty.store.database import Connection
from loyalty.store.ledger import NewEntry, NewLot, Wallet

FIRST_LOTS_PER_MEMBER = 32
ACTIVITIES = frozenset({EntryKind.EARN, EntryKind.HOLD, EntryKind.REDEEM})
"""What keeps rolling lots alive."""


class Booking(NamedTuple):
    """An entry to post. `source_id` is what it is about (transaction, redemption, adjustment).

    An entry that gives points makes a lot of them, with `expires_at`, `pending_until` and `rolls_months`, unless it
    says which `lots` it makes. One that takes points draws them soonest expiry first, unless it says which `draws` it
    takes; lots it `releases` are pending no more.
    """

    draft: EntryDraft
    source_id: UUID
    booked_at: datetime
    expires_at: datetime | None = None
    traceparent: str | None = None
    pending_until: datetime | None = None
    rolls_months: int | None = None
    lots: Sequence[NewLot] | None = None
    draws: Sequence[LotDraw] | None = None
    releases: Sequence[int] = ()


class PostedEntry(NamedTuple):
    """An entry in the ledger, how many points it moved, the balance it left and the wallet's version after it."""

    entry_id: int
    event_id: UUID
    member_id: UUID
    seq: int
    points: int
    available_after: int
    wallet_version: int


async def post_entries(conn: Connection, bookings: Sequence[Booking], at: datetime) -> list[PostedEntry]:
    """Posts the entries in the order given, in a fixed number of statements; all of them or none.

    Raises NotFound for an unknown member, InsufficientPoints (with points_missing) for an entry beyond what is there.
    """
    book = await Book.open(conn, {b.draft.member_id for b in bookings})
    await book.load_lots(conn, _points_spent(b.draft for b in bookings), at)
    posted = [book.post(b) for b in bookings]
    entry_ids = await book.close(conn, at)
    return [entry._replace(entry_id=entry_ids[entry.event_id]) for entry in posted]


class Book:
    """Wallets under lock and the entries that will be booked on them."""

    def __init__(self, wallets: dict[UUID, Wallet]) -> None:
        self.wallets = wallets
        self._versions_before = {w.member_id: w.version for w in wallets.values()}
        self._lots: dict[UUID, list[Lot]] = {}
        self._due: dict[UUID, list[Lot]] = {}
        self._entries: list[NewEntry] = []

    @classmethod
    async def open(cls, conn: Connection, member_ids: Collection[UUID]) -> Self:
        """Locks the members' wallets, in id order. Raises NotFound for an id that is no member."""
        return cls(await ledger.lock_wallets(conn, member_ids))

    async def load_lots(self, conn: Connection, points_wanted: Mapping[UUID, int], at: datetime) -> None:
        """Reads enough lots for each member to spend the points wanted at `at`, or all that the member has."""
        lacking, lots_per_member = set(points_wanted), FIRST_LOTS_PER_MEMBER
        while lacking:
            found = await ledger.list_open_lots(conn, lacking, lots_per_member)
            for member_id, lots in found.items():
                self._lots[member_id] = unexpired(lots, at)
                self._due[member_id] = [lot for lot in lots if lot not in self._lots[member_id]]
            lacking = {
                member_id
                for member_id, lots in found.items()
                if len(lots) >= lots_per_member
                and sum(lot.remaining for lot in self._lots[member_id]) < points_wanted[member_id]
            }
            lots_per_member *= 8

    def expire_due(self, at: datetime, ids: IdSource) -> list["PostedEntry"]:
        """Books out what has expired among the lots that were read: nobody spends it, however late it is noticed."""
        due = {member_id: lots for member_id, lots in self._due.items() if lots}
        self._due = {}
        return [self.expire_lots(member_id, lots, at, ids()) for member_id, lots in due.items()]

    def expire_lots(self, member_id: UUID, lots: Sequence[Lot], at: datetime, event_id: UUID) -> "PostedEntry":
        """Books out all that is left in these lots of a member. Raises ValueError when nothing is."""
        points = sum(lot.remaining for lot in lots)
        draft = expire(event_id, member_id, points)
        return self.post(Booking(draft, source_id=event_id, booked_at=at, draws=drain(lots)))

    def spendable_lots(self, member_id: UUID) -> Sequence[Lot]:
        """The lots that were read, as the entries so far leave them."""
        return self._lots.get(member_id, ())

    def know_lots(self, member_id: UUID, lots: Iterable[Lot]) -> None:
        """Lots that were not read with the others, because nothing was left in them: points will be given back."""
        known = self._lots.setdefault(member_id, [])
        known += [lot for lot in lots if all(lot.lot_id != there.lot_id for there in known)]

    def post(self, booking: Booking) -> PostedEntry:
        """Adds an entry to the book. Its entry_id is 0 until the book is closed. Raises InsufficientPoints."""
        draft, wallet = booking.draft, self.wallets[booking.draft.member_id]
        available = draft.change_of(Account.MEMBER_AVAILABLE)
        draws = self._choose(draft, -available) if booking.draws is None else booking.draws
        if draws:
            self._lots[draft.member_id] = after(self._lots.get(draft.member_id, ()), draws)
        _apply(booking, wallet)
        self._entries.append(
            NewEntry(
                draft=draft,
                source_id=booking.source_id,
                booked_at=booking.booked_at,
                seq=wallet.entries,
                available_after=wallet.available,
                traceparent=booking.traceparent,
                lots=_lots_of(booking, available),
                draws=draws,
                releases=booking.releases,
            )
        )
        return PostedEntry(
            entry_id=0,
            event_id=draft.event_id,
            member_id=wallet.member_id,
            seq=wallet.entries,
            points=draft.points,
            available_after=wallet.available,
            wallet_version=wallet.version,
        )

    def touch(self, member_id: UUID) -> int:
        """Counts something the member can see that moved no points; the wallet's new version."""
        wallet = self.wallets[member_id]
        wallet.version += 1
        return wallet.version

    async def close(self, conn: Connection, at: datetime) -> dict[UUID, int]:
        """Writes everything in two statements. Gives the entry id of each event id."""
        entry_ids = await ledger.insert_entries(conn, self._entries)
        changed = [w for w in self.wallets.values() if w.version != self._versions_before[w.member_id]]
        await ledger.save_wallets(conn, changed, self._versions_before, at)
        return entry_ids

    def _choose(self, draft: EntryDraft, points: int) -> list[LotDraw]:
        if points <= 0:
            return []
        available = self.wallets[draft.member_id].available
        if points > available:
            raise InsufficientPoints(points - available)
        return consume(self._lots[draft.member_id], points)


def _points_spent(drafts: Iterable[EntryDraft]) -> Counter[UUID]:
    spent: Counter[UUID] = Counter()
    for draft in drafts:
        if (points := draft.change_of(Account.MEMBER_AVAILABLE)) < 0:
            spent[draft.member_id] -= points
    return spent


def _lots_of(booking: Booking, available: int) -> Sequence[NewLot]:
    if booking.lots is not None:
        return booking.lots
    pending = booking.draft.change_of(Account.MEMBER_PENDING)
    points, pending_until = (pending, booking.pending_until) if pending > 0 else (available, None)
    if pending > 0 and pending_until is None:
        raise ValueError("pending points need the time of their release")
    if points <= 0:
        return ()
    return (NewLot(points, booking.booked_at, booking.expires_at, pending_until, booking.rolls_months),)


def _apply(booking: Booking, wallet: Wallet) -> None:
    kind, moved = booking.draft.kind, 0
    for posting in booking.draft.postings:
        if posting.member_id is not None:
            moved += posting.points
            _change(wallet, posting)
    match kind:
        case EntryKind.EARN | EntryKind.REVERSE:
            wallet.lifetime_earned += moved
        case EntryKind.REDEEM | EntryKind.RESTORE:
            wallet.lifetime_redeemed -= moved
    if kind in ACTIVITIES:
        wallet.active_at = max(wallet.active_at or booking.booked_at, booking.booked_at)
    wallet.entries += 1
    wallet.version += 1


def _change(wallet: Wallet, posting: Posting) -> None:
    match posting.account:
        case Account.MEMBER_AVAILABLE:
            wallet.available += posting.points
        case Account.MEMBER_PENDING:
            wallet.pending += posting.points
        case Account.MEMBER_HELD:
            wallet.held += posting.points
        case Account.MEMBER_OWED:
            wallet.owed -= posting.points
