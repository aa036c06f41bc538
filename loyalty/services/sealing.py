"""Sealing the journal: a chain of hashes from the first entry, made after the fact and never on the way of a booking.

Invariant: entries are sealed in the order of their ids without leaving one out. Ids are given out before transactions
commit, so an entry may appear after one with a higher id. Therefore sealing stops at a horizon: the last entry that was
seen at some moment, once every transaction of that moment has ended. A transaction that stays open delays the seals of
what is booked after it began, and nothing else. (Whoever books has locked a wallet first and so has its transaction id
before its entries' ids.)
"""

from dataclasses import dataclass

from loyalty.domain.chain import FIRST_HASH, next_hash
from loyalty.store import seals
from loyalty.store.database import Connection
from loyalty.store.seals import Horizon, Seal

BATCH_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many entries were sealed now, the end of the chain, and whether there is more to seal at once."""

    entries: int
    head: Seal | None
    more: bool


async def look_ahead(conn: Connection) -> Horizon | None:
    """Up to where to seal, once that is settled. None while the journal is empty."""
    return await seals.horizon(conn)


async def seal_entries(conn: Connection, horizon: Horizon, batch_entries: int = BATCH_ENTRIES) -> Sealed:
    """Seals the next entries up to the horizon, in the caller's transaction; none while the horizon is not settled.

    `horizon` must come from an earlier transaction, and the caller's must read what is committed (the default level).
    """
    await seals.lock_sealing(conn)
    head = await seals.last_seal(conn)
    if not await seals.is_settled(conn, horizon):
        return Sealed(0, head, more=False)
    after_id = head.entry_id if head else seals.BEFORE_ALL
    lines = await seals.list_entry_lines(conn, after_id, batch_entries, upto_id=horizon.entry_id)
    made: list[Seal] = []
    before = head.hash if head else FIRST_HASH
    for entry in lines:
        before = next_hash(before, entry.line)
        made.append(Seal(entry.entry_id, before))
    await seals.insert_seals(conn, made)
    return Sealed(len(made), made[-1] if made else head, more=len(made) == batch_entries)
