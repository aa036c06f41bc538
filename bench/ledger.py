"""Transfers a second into the ledger: booked in batches, against one a transaction from 16 connections.

    python -m bench.ledger [--seconds S] [--rounds N]

The floor is the least that one transfer takes on the same schema: one statement (bench/_one_transfer.sql), committed by
itself, from 16 connections at once, without a service or a client's arithmetic. A transfer is an entry with two
postings, a lot and the wallet's balance; everything is durable (fsync and synchronous_commit on). Both are measured in
turn, on 1,000 accounts and on 10, and the medians told.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from uuid import UUID

from bench.common import report
from loyalty.clock import new_id, system_clock
from loyalty.domain.ledger import adjust
from loyalty.services.posting import Booking, post_entries
from loyalty.store.database import Connection, Pool
from tests.support import databases
from tests.support.rows import add_member, laurel_pool
from tests.support.servers import Servers, running

BENCH = "ledger"
ONE_TRANSFER = (Path(__file__).parent / "_one_transfer.sql").read_text()
CONNECTIONS = 16
BATCHING_CONNECTIONS = 2
BATCH_TRANSFERS = 500
ACCOUNTS, HOT_ACCOUNTS = 1_000, 10
GC_THRESHOLD = 50_000

Step = Callable[[Connection, Sequence[UUID]], Awaitable[int]]
"""Books some transfers to these accounts; how many."""


def main() -> None:
    """Prints the figures."""
    gc.set_threshold(GC_THRESHOLD)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with running() as servers:
        asyncio.run(_measure(servers, options.seconds, options.rounds))


async def _measure(servers: Servers, seconds: float, rounds: int) -> None:
    template = await databases.ensure_template(servers.database_url)
    url = await databases.clone(servers.database_url, template)
    try:
        async with laurel_pool(url, size=CONNECTIONS) as pool:
            await _report("ledger_transfers_per_s", pool, await _add_accounts(pool, ACCOUNTS), seconds, rounds)
            hot = await _add_accounts(pool, HOT_ACCOUNTS)
            await _report("ledger_transfers_per_s_10_accounts", pool, hot, seconds, rounds)
    finally:
        await databases.drop(url, servers.database_url)


async def _add_accounts(pool: Pool, count: int) -> list[UUID]:
    async with pool.acquire() as conn, conn.transaction():
        return [await add_member(conn) for _ in range(count)]


async def _report(figure: str, pool: Pool, accounts: Sequence[UUID], seconds: float, rounds: int) -> None:
    single, batched = [], []
    for _ in range(rounds):
        single.append(await _rate(pool, CONNECTIONS, _one, accounts, seconds))
        batched.append(await _rate(pool, BATCHING_CONNECTIONS, _batch, accounts, seconds))
    report(BENCH, figure, median(batched), "transfers/s", median(single))


async def _rate(pool: Pool, connections: int, step: Step, accounts: Sequence[UUID], seconds: float) -> float:
    """Each connection has accounts of its own when there are enough of them to batch."""
    began = time.perf_counter()

    async def work(own: Sequence[UUID]) -> int:
        done = 0
        async with pool.acquire() as conn:
            while time.perf_counter() - began < seconds:
                done += await step(conn, own)
        return done

    shares = [accounts[n::connections] for n in range(connections)] if step is _batch else [accounts] * connections
    done = sum(await asyncio.gather(*map(work, shares)))
    return done / (time.perf_counter() - began)


async def _one(conn: Connection, accounts: Sequence[UUID]) -> int:
    await conn.execute(ONE_TRANSFER, random.choice(accounts), new_id())
    return 1


async def _batch(conn: Connection, accounts: Sequence[UUID]) -> int:
    at = system_clock()
    bookings = [
        Booking(adjust(new_id(), random.choice(accounts), 1, "bench"), source_id=new_id(), booked_at=at)
        for _ in range(BATCH_TRANSFERS)
    ]
    async with conn.transaction():
        await post_entries(conn, bookings, at)
    return BATCH_TRANSFERS


if __name__ == "__main__":
    main()
