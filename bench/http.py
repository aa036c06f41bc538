"""POST /transaction and GET /points a second of one Customer API process, each beside a bare Sanic handler.

    python -m bench.http [--seconds N] [--connections N]

The floor of the POST is a handler that does the same two inserts by asyncpg in one transaction and checks nothing; the
floor of the GET is one that does one SELECT. Both servers run at the same time, on the same database, and are asked in
turns: what disturbs one disturbs the other. How much they do is measured with every connection always asking; how long
they take at given rates with an open load (bench/_load.py). CPU time means something on a busy machine too.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median
from uuid import UUID

import uvloop

from api.kit.tokens import mint_access_token
from bench._api import Asked, Server, ask, both_servers, database, gets, plain, posts
from bench._load import Send, at_rate
from bench.common import report
from tests.support.apis import SIGNING_KEY
from tests.support.rows import add_member, add_merchant, laurel_pool
from tests.support.servers import Servers, running

BENCH = "http"
MEMBERS = 200
TURNS = 3
SHARES_OF_FLOOR_PERCENT = (20, 40, 60)


def main() -> None:
    """Prints the figures."""
    options = _options()
    with running() as servers, database(servers) as database_url:
        uvloop.run(_measure(servers, database_url, options))


async def _measure(servers: Servers, database_url: str, options: argparse.Namespace) -> None:
    members, merchant = await _fill(database_url)
    with both_servers(servers, database_url, (str(members[0]), str(merchant))) as (api, floor):
        tokens = [mint_access_token(SIGNING_KEY, member, "customer", seconds=3600) for member in members]
        await _compare("post_transaction", (api, posts(tokens, merchant)), (floor, plain("POST", "/post")), options)
        await _compare("get_points", (api, gets(tokens)), (floor, plain("GET", "/get")), options)


async def _compare(
    figure: str, ours: tuple[Server, Send], bare: tuple[Server, Send], options: argparse.Namespace
) -> None:
    turns = [
        [
            await ask(server, send, connections=options.connections, seconds=options.seconds)
            for server, send in (ours, bare)
        ]
        for _ in range(TURNS + 1)
    ]
    del turns[0]  # it warms both up

    def middle(pick: Callable[[Asked], float]) -> tuple[float, float]:
        mine, theirs = (median(pick(turn[side]) for turn in turns) for side in (0, 1))
        return mine, theirs

    rate, floor_rate = middle(lambda asked: asked.load.per_second)
    report(BENCH, f"{figure}_per_s", rate, "requests/s", floor_rate)
    mine, theirs = middle(lambda asked: asked.cpu_us)
    report(BENCH, f"{figure}_cpu", mine, "us", theirs)
    report(BENCH, f"{figure}_generator_cpu", middle(lambda asked: asked.load.generator_cpu_us)[0], "us")
    for percent in SHARES_OF_FLOOR_PERCENT:
        await _tell_latencies(figure, ours, bare, floor_rate * percent / 100, options)


async def _tell_latencies(
    figure: str, ours: tuple[Server, Send], bare: tuple[Server, Send], rate: float, options: argparse.Namespace
) -> None:
    loads = [
        await at_rate(server.port, send, per_second=rate, connections=options.connections, seconds=options.seconds)
        for server, send in (ours, bare)
    ]
    for percent in (50, 99):
        mine, theirs = (load.quantile(percent) for load in loads)
        report(BENCH, f"{figure}_p{percent}_at_{rate:.0f}_per_s", mine, "ms", theirs)


async def _fill(database_url: str) -> tuple[list[UUID], UUID]:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        return [await add_member(conn) for _ in range(MEMBERS)], await add_merchant(conn)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each turn")
    parser.add_argument("--connections", type=int, default=16)
    return parser.parse_args()


if __name__ == "__main__":
    main()
