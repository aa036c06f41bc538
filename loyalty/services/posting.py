"""Booking points: a book is opened on some members, entries are posted in it, and it is closed in the same transaction.

While a book is open its members' wallets are locked, so what it computes (balances, seq, versions, draws) is what will
be stored. Nothing reaches the database before `close`; a book that is not closed has changed nothing.

An entry may draw only lots that were there when the book was opened, not those made in the same book.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from loyalty.domain.ledger import Account, EntryDraft, EntryKind
from loyalty.domain.lots import InsufficientPoints, Lot, LotDraw, consume
from loyalty.store import ledger
from loyalty.store.database import Connection
from loyalty.store.ledger import NewEntry, NewLot, Wallet

FIRST_LOTS_PER_MEMBER = 32


@dataclass(frozen=True, slots=True)
class Booking:
    """An entry to post. `source_id` is what it is about (transaction, redemption, adjustment).

    `expires_at` is that of the lot, for an entry that makes points available.
    """

    draft: EntryDraft
    source_id: UUID
    booked_at: datetime
    expires_at: datetime | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """An entry in the ledger, the balance it left and the wallet's version after it."""

    entry_id: int
    event_id: UUID
    member_id: UUID
    seq: int
    available_after: int
    wallet_version: int


async def post_entries(conn: Connection, bookings: Sequence[Booking], at: datetime) -> list[PostedEntry]:
    """Posts the entries in the order given, in a fixed number of statements; all of them or none.

    Raises NotFound for an unknown member, InsufficientPoints (with points_missing) for an entry beyond what is there.
    """
    book = await Book.open(conn, {b.draft.member_id for b in bookings})
    await book.load_lots(conn, _points_spent(b.draft for b in bookings))
    posted = [book.post(b) for b in bookings]
    entry_ids = await book.close(conn, at)
    return [replace(entry, entry_id=entry_ids[entry.event_id]) for entry in posted]


class Book:
    """Wallets under lock and the entries that will be booked on them."""

    def __init__(self, wallets: dict[UUID, Wallet]) -> None:
        self.wallets = wallets
        self._versions_before = {w.member_id: w.version for w in wallets.values()}
        self._lots: dict[UUID, list[Lot]] = {}
        self._entries: list[NewEntry] = []

    @classmethod
    async def open(cls, conn: Connection, member_ids: Collection[UUID]) -> Self:
        """Locks the members' wallets, in id order. Raises NotFound for an id that is no member."""
        return cls(await ledger.lock_wallets(conn, member_ids))

    async def load_lots(self, conn: Connection, points_wanted: Mapping[UUID, int]) -> None:
        """Reads enough lots for each member to spend the points wanted, or all that the member has."""
        lacking, lots_per_member = set(points_wanted), FIRST_LOTS_PER_MEMBER
        while lacking:
            self._lots |= await ledger.list_open_lots(conn, lacking, lots_per_member)
            lacking = {
                member_id
                for member_id in lacking
                if len(self._lots[member_id]) == lots_per_member
                and sum(lot.remaining for lot in self._lots[member_id]) < points_wanted[member_id]
            }
            lots_per_member *= 8

    def post(self, booking: Booking) -> PostedEntry:
        """Adds an entry to the book. Its entry_id is 0 until the book is closed. Raises InsufficientPoints."""
        draft, wallet = booking.draft, self.wallets[booking.draft.member_id]
        draws = self._draw(draft)
        _apply(draft, wallet)
        self._entries.append(
            NewEntry(
                draft=draft,
                source_id=booking.source_id,
                booked_at=booking.booked_at,
                seq=wallet.entries,
                available_after=wallet.available,
                traceparent=booking.traceparent,
                lot=_lot_of(booking),
                draws=draws,
            )
        )
        return PostedEntry(0, draft.event_id, wallet.member_id, wallet.entries, wallet.available, wallet.version)

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

    def _draw(self, draft: EntryDraft) -> list[LotDraw]:
        points = -_points_made_available(draft)
        if points <= 0:
            return []
        available = self.wallets[draft.member_id].available
        if points > available:
            raise InsufficientPoints(points - available)
        lots = self._lots[draft.member_id]
        draws = consume(lots, points)
        self._lots[draft.member_id] = _left_after(lots, draws)
        return draws


def _points_spent(drafts: Iterable[EntryDraft]) -> Counter[UUID]:
    spent: Counter[UUID] = Counter()
    for draft in drafts:
        if (points := _points_made_available(draft)) < 0:
            spent[draft.member_id] -= points
    return spent


def _left_after(lots: Sequence[Lot], draws: Sequence[LotDraw]) -> list[Lot]:
    drawn = {draw.lot_id: draw.points for draw in draws}
    return [replace(lot, remaining=lot.remaining - drawn.get(lot.lot_id, 0)) for lot in lots]


def _points_made_available(draft: EntryDraft) -> int:
    return draft.change_of(Account.MEMBER_AVAILABLE)


def _lot_of(booking: Booking) -> NewLot | None:
    points = _points_made_available(booking.draft)
    return NewLot(points, booking.booked_at, booking.expires_at) if points > 0 else None


def _apply(draft: EntryDraft, wallet: Wallet) -> None:
    available = _points_made_available(draft)
    pending = draft.change_of(Account.MEMBER_PENDING)
    wallet.available += available
    wallet.pending += pending
    wallet.held += draft.change_of(Account.MEMBER_HELD)
    if draft.kind is EntryKind.EARN:
        wallet.lifetime_earned += available + pending
    elif draft.kind is EntryKind.REDEEM:
        wallet.lifetime_redeemed -= available
    wallet.entries += 1
    wallet.version += 1
