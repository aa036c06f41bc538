"""Every member's tier once a day, and after every change of the rules: what nothing happened to bring about.

Each step is one page of members under their wallets' locks: their months are counted anew from their purchases, and
their tiers follow. A recalculation that was broken off goes on after the last member whose step was committed.
"""

from datetime import date, datetime
from uuid import UUID

from loyalty.clock import Clock, IdSource, new_id
from loyalty.services.events import emit
from loyalty.services.posting import Book
from loyalty.services.rulesets import read_tier_rules
from loyalty.services.tending import NOTHING_TENDED, STEP_ROWS, Tended
from loyalty.services.tier_book import TierBook
from loyalty.services.tier_rules import TierRules
from loyalty.store import program as programs
from loyalty.store import tiers as store
from loyalty.store.database import Connection
from loyalty.store.tiers import Recalculation

FIRST_ID = UUID(int=0)


async def recalculate_tiers(conn: Connection, clock: Clock, limit: int = STEP_ROWS, ids: IdSource = new_id) -> Tended:
    """At most `limit` members; nothing when this day's recalculation under these rules is done."""
    at, program = clock(), await programs.get_program(conn)
    rules = await read_tier_rules(conn)
    progress = _of_today(await store.get_recalculation(conn), _local_day(rules, at), program.ruleset_version)
    if progress.finished_at is not None:
        return NOTHING_TENDED
    members = await store.list_members(conn, progress.after_id, limit) if rules.moves else []
    changed = await _recalculate(conn, members, rules, at, ids) if members else frozenset[UUID]()
    more = len(members) == limit
    after_id = members[-1] if members else progress.after_id
    finished_at = None if more else at
    await store.save_recalculation(conn, Recalculation(progress.day, progress.ruleset_version, after_id, finished_at))
    return Tended(changed, more)


async def _recalculate(
    conn: Connection, members: list[UUID], rules: TierRules, at: datetime, ids: IdSource
) -> frozenset[UUID]:
    book = await Book.open(conn, members)
    await store.recount(conn, members, rules.zone.key)
    tiers = await TierBook.open(conn, rules, book)
    tiers.settle_all(at)
    events = await tiers.save(conn, at, ids)
    await book.close(conn, at)
    await emit(conn, events)
    return frozenset(UUID(event.key) for event in events)


def _of_today(progress: Recalculation, today: date, ruleset_version: int) -> Recalculation:
    """The recalculation that is to be done now: the one that is under way, or a new one."""
    if (progress.day, progress.ruleset_version) == (today, ruleset_version):
        return progress
    return Recalculation(today, ruleset_version, FIRST_ID, None)


def _local_day(rules: TierRules, at: datetime) -> date:
    return at.astimezone(rules.zone).date()
