"""Plans that the worker made while tables were empty stay right when they are not.

A worker keeps its connections, and with them its plans: those of its statements, of foreign keys and of triggers. An
operator who vacuums a new database makes PostgreSQL believe that its tables are empty, and a plan made then reads a
whole table for each row of a batch, ever slower until the server looks at the table again.
"""

from __future__ import annotations

from loyalty.clock import system_clock
from loyalty.services.earning import award_transactions
from loyalty.services.rulesets import Rulesets
from loyalty.store.database import Connection, open_pool
from tests.support.rows import BASE_RULE, add_member, add_merchant, add_rule, add_transactions, recorded

BATCHES = (1,) * 8 + (200,) * 5
"""Small batches first: after five, PostgreSQL keeps one plan for all."""
GROWING = ("journal_entry", "posting", "lot", "award", "inbox", "transaction")


async def rows_read_by_scans(conn: Connection) -> dict[str, int]:
    await conn.execute("select pg_stat_force_next_flush()")
    rows = await conn.fetch(
        "select relname, seq_tup_read from pg_stat_user_tables where relname = any($1) and seq_tup_read > 0", GROWING
    )
    return {row["relname"]: row["seq_tup_read"] for row in rows}


async def test_a_growing_table_is_never_read_as_a_whole(database_url: str) -> None:
    pool = await open_pool(database_url, size=1, name="test", by_index=True)
    async with pool, pool.acquire() as conn:
        await add_rule(conn, BASE_RULE)
        merchant_id, member_id = await add_merchant(conn), await add_member(conn)
        await conn.execute("vacuum analyze")
        ids = await add_transactions(conn, member_id, merchant_id, sum(BATCHES))
        before, rulesets = await rows_read_by_scans(conn), Rulesets()
        for size in BATCHES:
            events = [recorded(member_id, ids.pop()) for _ in range(size)]
            async with conn.transaction():
                await award_transactions(conn, events, system_clock, rulesets)
        assert await rows_read_by_scans(conn) == before
