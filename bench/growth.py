"""Does a request cost more when there are ten million purchases than when there are ten thousand?

    python -m bench.growth [--sizes 10000,100000,1000000] [--seconds N] [--members N]

One database is filled to each size in turn: purchases of `members` members with their events, by COPY, then analysed as
autovacuum would. At each size the Customer API records purchases and is asked for balances and for the last purchases,
each as fast as it answers, in turns with a bare Sanic handler that does two inserts, or one SELECT, on the same
database. The floor grows with the tables too: a ratio that stays says that Laurel adds nothing to that. The whole:
--sizes 10000,100000,1000000,10000000 (some 6 GB, ten minutes).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import uvloop

from api.kit.tokens import mint_access_token
from bench._api import Asked, Server, ask, both_servers, database, gets, plain, posts
from bench._load import Send
from bench.common import report
from loyalty.clock import new_id
from loyalty.store.database import Connection
from tests.support.apis import SIGNING_KEY
from tests.support.rows import NOON, add_merchant, laurel_pool
from tests.support.servers import Servers, running

BENCH = "growth"
CONNECTIONS = 16
TURNS = 3
ROWS_AT_ONCE = 50_000
FILL_SECONDS = 600
COLUMNS = (
    "id", "member_id", "merchant_id", "external_id", "occurred_at", "recorded_at", "amount_minor", "currency",
    "content_hash",
)  # fmt: skip
EVENT_COLUMNS = ("event_id", "topic", "key", "payload", "source", "occurred_at")
EVENT = b'{"schema_version":1,"amount":"12.34","currency":"GBP","items":[]}'


def main() -> None:
    """Prints the figures."""
    options = _options()
    with running() as servers, database(servers) as url:
        uvloop.run(_measure(servers, url, options))


async def _measure(servers: Servers, url: str, options: argparse.Namespace) -> None:
    members = [new_id() for _ in range(options.members)]
    async with laurel_pool(url, size=1, statement_timeout_seconds=FILL_SECONDS) as pool, pool.acquire() as conn:
        await _add_members(conn, members)
        merchant = await add_merchant(conn)
        for size in options.sizes:
            before = time.perf_counter()
            added = await _fill(conn, members, merchant, size)
            report(BENCH, f"filled_to_{size}", added / (time.perf_counter() - before), "rows/s")
            with both_servers(servers, url, (str(members[0]), str(merchant))) as (api, floor):
                await _compare_all(api, floor, members, merchant, f"at_{size}", options.seconds)


async def _compare_all(
    api: Server, floor: Server, members: Sequence[UUID], merchant: UUID, when: str, seconds: float
) -> None:
    tokens = [mint_access_token(SIGNING_KEY, member, "customer", seconds=3600) for member in members[:1_000]]
    asked: tuple[tuple[str, Send, Send], ...] = (
        ("post_transaction", posts(tokens, merchant), plain("POST", "/post")),
        ("get_points", gets(tokens), plain("GET", "/get")),
        ("get_transactions", gets(tokens, "/transactions"), plain("GET", "/get")),
    )
    for figure, ours, bare in asked:
        turns = [
            [
                await ask(server, send, connections=CONNECTIONS, seconds=seconds)
                for server, send in ((api, ours), (floor, bare))
            ]
            for _ in range(TURNS + 1)
        ][1:]
        _tell(f"{figure}_{when}", *zip(*turns, strict=True))


def _tell(figure: str, ours: Sequence[Asked], floor: Sequence[Asked]) -> None:
    rates = [median(each.load.per_second for each in side) for side in (ours, floor)]
    report(BENCH, f"{figure}_per_s", rates[0], "requests/s", rates[1])
    cpu = [median(each.cpu_us for each in side) for side in (ours, floor)]
    report(BENCH, f"{figure}_cpu", cpu[0], "us", cpu[1])


async def _add_members(conn: Connection, members: Sequence[UUID]) -> None:
    await conn.execute(
        "insert into member (id, created_at) select id, $2 from unnest($1::uuid[]) t (id)", members, NOON
    )
    await conn.execute(
        "insert into wallet (member_id, updated_at) select id, $2 from unnest($1::uuid[]) t (id)", members, NOON
    )


async def _fill(conn: Connection, members: Sequence[UUID], merchant: UUID, size: int) -> int:
    """Until there are so many purchases. Returns how many were added."""
    there: int = await conn.fetchval("select count(*) from transaction")
    for start in range(there, size, ROWS_AT_ONCE):
        purchases = list(_purchases(members, merchant, start, min(start + ROWS_AT_ONCE, size)))
        events = [(row[0], "transaction.recorded", str(row[1]), EVENT, "/laurel", row[5]) for row in purchases]
        await conn.copy_records_to_table("transaction", records=purchases, columns=COLUMNS)
        await conn.copy_records_to_table("outbox", records=events, columns=EVENT_COLUMNS)
    await conn.execute("vacuum analyze transaction")
    await conn.execute("analyze member, wallet, outbox")
    return size - there


def _purchases(members: Sequence[UUID], merchant: UUID, start: int, end: int) -> Iterator[tuple[Any, ...]]:
    for number in range(start, end):
        at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        yield (new_id(), members[number % len(members)], merchant, f"fill-{number}", at, at, 1234, "GBP", b"\0" * 32)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(size) for size in text.split(",")],
        default=[10_000, 100_000, 1_000_000],
        help="numbers of purchases, rising",
    )
    parser.add_argument("--members", type=int, default=500, help="each has a page of purchases at first")
    parser.add_argument("--seconds", type=float, default=3, help="of each turn")
    return parser.parse_args()


if __name__ == "__main__":
    main()
