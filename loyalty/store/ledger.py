"""The ledger's rows: wallets locked and saved, entries with their postings, lots and draws written in one statement.

A wallet's row is the lock of everything that happens to its member. Whoever changes a member's points holds that lock,
taken in the order of the members' ids, until the end of the transaction.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from loyalty.domain.ledger import Account, EntryDraft
from loyalty.domain.lots import Lot, LotDraw
from loyalty.errors import NotFound
from loyalty.store.columns import numbers, once, unless_null
from loyalty.store.database import Connection
from loyalty.store.queries import fetch_all, queries

ACCOUNTS = tuple(account.value for account in Account)
ACCOUNT_PLACES = {account: place for place, account in enumerate(Account, start=1)}
"""By which a posting names its account: PostgreSQL counts from 1."""


@dataclass(slots=True)
class Wallet:
    """A member's balances as the holder of the lock sees them, and what the services ask of the member.

    Its fields are the columns of lock_wallets and then of list_locked_members, in their order.

    `owed` is what a refund took back of points spent before, as a positive number. `entries` is the seq of the member's
    last journal entry; `version` counts what the member can see change; active_at is when they last earned or redeemed.
    """

    member_id: UUID
    pending: int
    available: int
    held: int
    lifetime_earned: int
    lifetime_redeemed: int
    transactions_awarded: int
    entries: int
    version: int
    owed: int
    active_at: datetime | None
    status: str
    joined_at: datetime
    birth_date: date | None
    tier_code: str
    tier_rank: int
    tier_multiplier: Decimal


class NewLot(NamedTuple):
    """Points that an entry gave, until `expires_at` (None: for ever); pending ones have the time of their release.

    With rolls_months the lot lives on for so many months after each activity of the member's.
    """

    points: int
    earned_at: datetime
    expires_at: datetime | None
    pending_until: datetime | None = None
    rolls_months: int | None = None


class NewEntry(NamedTuple):
    """A journal entry as it will be stored, with the lots it makes, the draws it takes and the lots it releases."""

    draft: EntryDraft
    source_id: UUID
    booked_at: datetime
    seq: int
    available_after: int
    traceparent: str | None
    lots: Sequence[NewLot]
    draws: Sequence[LotDraw]
    releases: Sequence[int] = ()


class WalletChangedWithoutLock(RuntimeError):
    """A wallet was changed by someone who did not hold its lock: nothing of this transaction may be kept."""


async def lock_wallets(conn: Connection, member_ids: Collection[UUID]) -> dict[UUID, Wallet]:
    """The members' wallets, locked until the transaction ends. Raises NotFound for an id that is no member."""
    wanted = set(member_ids)
    locked = await fetch_all(queries.lock_wallets(conn, member_ids=list(wanted)))
    members = await fetch_all(queries.list_locked_members(conn, member_ids=list(wanted)))
    facts = {member_id: told for member_id, *told in members}
    wallets = {row[0]: Wallet(*row, *facts[row[0]]) for row in locked}
    if missing := wanted - wallets.keys():
        raise NotFound("There is no such member.", member_ids=sorted(map(str, missing)))
    return wallets


async def list_open_lots(conn: Connection, member_ids: Collection[UUID], lots_per_member: int) -> dict[UUID, list[Lot]]:
    """At most `lots_per_member` open lots of each member, those that are spent first. Hold the wallets' locks."""
    lots: dict[UUID, list[Lot]] = {member_id: [] for member_id in member_ids}
    found = queries.list_open_lots(conn, member_ids=list(lots), lots_per_member=lots_per_member)
    async for row in found:
        lots[row["member_id"]].append(Lot(row["id"], row["remaining"], row["expires_at"]))
    return lots


async def insert_entries(conn: Connection, entries: Sequence[NewEntry]) -> dict[UUID, int]:
    """Books the entries, whatever their number, in one statement. Gives the entry id of each event id."""
    if not entries:
        return {}
    columns = _entry_columns(entries) | _posting_columns(entries) | _lot_columns(entries) | _draw_columns(entries)
    entry_ids = await queries.post_entries(conn, **columns)
    return {entry.draft.event_id: entry_id for entry, entry_id in zip(entries, entry_ids, strict=True)}


async def save_wallets(
    conn: Connection, wallets: Collection[Wallet], versions_before: Mapping[UUID, int], updated_at: datetime
) -> None:
    """Writes the wallets' new state. Raises WalletChangedWithoutLock when a row is not as it was when locked."""
    if not wallets:
        return
    tag = await queries.save_wallets(
        conn,
        updated_at=updated_at,
        member_ids=[w.member_id for w in wallets],
        versions_before=numbers([versions_before[w.member_id] for w in wallets]),
        pendings=numbers([w.pending for w in wallets]),
        availables=numbers([w.available for w in wallets]),
        helds=numbers([w.held for w in wallets]),
        lifetime_earneds=numbers([w.lifetime_earned for w in wallets]),
        lifetime_redeemeds=numbers([w.lifetime_redeemed for w in wallets]),
        transactions_awardeds=numbers([w.transactions_awarded for w in wallets]),
        entries=numbers([w.entries for w in wallets]),
        versions=numbers([w.version for w in wallets]),
        oweds=numbers([w.owed for w in wallets]),
        active_ats=once([w.active_at for w in wallets]),
    )
    if tag != f"UPDATE {len(wallets)}":
        raise WalletChangedWithoutLock(f"{tag} of {len(wallets)} wallets")


def _entry_columns(entries: Sequence[NewEntry]) -> dict[str, object]:
    return {
        "event_ids": [e.draft.event_id for e in entries],
        "kinds": once([e.draft.kind for e in entries]),
        "member_ids": [e.draft.member_id for e in entries],
        "seqs": numbers([e.seq for e in entries]),
        "source_ids": [e.source_id for e in entries],
        "booked_ats": once([e.booked_at for e in entries]),
        "available_afters": numbers([e.available_after for e in entries]),
        "reasons": unless_null([e.draft.reason for e in entries]),
        "traceparents": unless_null([e.traceparent for e in entries]),
    }


def _posting_columns(entries: Sequence[NewEntry]) -> dict[str, object]:
    numbered = [(place, n, p) for place, e in _placed(entries) for n, p in enumerate(e.draft.postings, start=1)]
    return {
        "accounts": ACCOUNTS,
        "posting_places": numbers([place for place, _, _ in numbered]),
        "posting_ns": numbers([n for _, n, _ in numbered]),
        "posting_accounts": numbers([ACCOUNT_PLACES[p.account] for _, _, p in numbered]),
        "posting_points": numbers([p.points for _, _, p in numbered]),
    }


def _lot_columns(entries: Sequence[NewEntry]) -> dict[str, object]:
    made = [(place, lot) for place, e in _placed(entries) for lot in e.lots]
    return {
        "lot_places": numbers([place for place, _ in made]),
        "lot_points": numbers([lot.points for _, lot in made]),
        "lot_earned_ats": once([lot.earned_at for _, lot in made]),
        "lot_expires_ats": unless_null([lot.expires_at for _, lot in made]),
        "lot_pending_untils": unless_null([lot.pending_until for _, lot in made]),
        "lot_rolls_months": unless_null([lot.rolls_months for _, lot in made]),
    }


def _draw_columns(entries: Sequence[NewEntry]) -> dict[str, object]:
    draws = [(place, draw) for place, e in _placed(entries) for draw in e.draws]
    return {
        "draw_places": numbers([place for place, _ in draws]),
        "draw_lots": numbers([draw.lot_id for _, draw in draws]),
        "draw_points": numbers([draw.points for _, draw in draws]),
        "released_lots": numbers([lot_id for e in entries for lot_id in e.releases]),
    }


def _placed(entries: Sequence[NewEntry]) -> Iterator[tuple[int, NewEntry]]:
    """Each entry with its place, by which what hangs on it names it: PostgreSQL counts from 1."""
    return enumerate(entries, start=1)
