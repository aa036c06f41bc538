"""What an event costs the one who writes it: a one-row transaction alone, and with one event appended.

    python -m bench.writer [--seconds S] [--rounds N]

16 connections. `server` is pgbench with prepared statements (begin, insert, commit; and with append's own statement
between): what PostgreSQL needs. `client` is asyncpg and `outbox.append` in one Python process, which is the limit
there: one more statement is one more round trip. Both kinds alternate, round after round; medians.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import subprocess
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from bench._outbox import KEYS, PAYLOAD, TOPIC, Rig, rig
from bench.common import report
from outbox import NewEvent, append
from outbox.statements import load
from stack.postgres import program

BENCH = "writer"
CONNECTIONS = 16
THREADS = 2

TABLE = "create table bench_purchase (id bigint generated always as identity primary key, member text, amount int)"
PURCHASE = "insert into bench_purchase (member, amount) values ($1, $2)"
PGBENCH = f"""
\\set member random(1, {KEYS})
begin;
insert into bench_purchase (member, amount) values ('member-' || :member, 1000);
%s
commit;
"""
VALUES = {
    "uuid": "gen_random_uuid()",
    "text": f"'{TOPIC}'",
    "bytea": f"'{PAYLOAD.decode()}'",
    "timestamptz": "now()",
}
TPS = re.compile(r"tps = ([\d.]+)")


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with rig() as found:
        asyncio.run(_execute(found, TABLE))
        for name, rate in (("server", _server_rates(found)), ("client", _client_rates(found))):
            alone, appending = [], []
            for _ in range(options.rounds):
                alone.append(rate["alone"](options.seconds))
                appending.append(rate["appending"](options.seconds))
            _tell(name, statistics.median(alone), statistics.median(appending))


def _tell(name: str, alone: float, appending: float) -> None:
    report(BENCH, f"{name}_transactions_per_s_appending", appending, "tx/s", alone)
    report(BENCH, f"{name}_time_added_by_appending", (alone / appending - 1) * 100, "%")


Rates = Mapping[str, Callable[[float], float]]


def _server_rates(found: Rig) -> Rates:
    scripts = {"alone": PGBENCH % "", "appending": PGBENCH % _append_statement()}

    def rate(name: str) -> Callable[[float], float]:
        path = found.folder / f"{name}.sql"
        path.write_text(scripts[name])
        return lambda seconds: _pgbench(found.stage.dsn, path, seconds)

    return {name: rate(name) for name in scripts}


def _append_statement() -> str:
    """What `append` sends, with values in the place of its parameters: $1::uuid[] becomes array[…]::uuid[]."""
    text = load("append")["insert_events"]

    def value(found: re.Match[str]) -> str:
        number, kind = int(found[1]), found[2]
        if number == KEY_PARAMETER:
            return f"array['member-' || :member]::{kind}[]"
        return f"array[{VALUES[kind]}]::{kind}[]"

    statement = re.sub(r"\$(\d+)::(\w+)\[\]", value, text)
    assert "$" not in statement, statement
    return statement if statement.endswith(";") else f"{statement};"


KEY_PARAMETER = 3


def _pgbench(dsn: str, script: Path, seconds: float) -> float:
    arguments = ["-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", str(THREADS), "-T", str(round(seconds))]
    command = [program("pgbench"), *arguments, "-f", str(script), dsn]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = TPS.search(done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def _client_rates(found: Rig) -> Rates:
    def rate(write: Callable[[Rig, asyncpg.Connection, int], Coroutine[Any, Any, None]]) -> Callable[[float], float]:
        return lambda seconds: asyncio.run(_clients(found, write, seconds))

    return {"alone": rate(_purchase), "appending": rate(_purchase_and_event)}


async def _clients(
    found: Rig, write: Callable[[Rig, asyncpg.Connection, int], Coroutine[Any, Any, None]], seconds: float
) -> float:
    connections = [await asyncpg.connect(found.stage.dsn) for _ in range(CONNECTIONS)]
    until = time.monotonic() + seconds

    async def one(conn: asyncpg.Connection) -> int:
        done = 0
        while time.monotonic() < until:
            await write(found, conn, done)
            done += 1
        return done

    counts = await asyncio.gather(*(one(conn) for conn in connections))
    for conn in connections:
        await conn.close()
    return sum(counts) / seconds


async def _purchase(found: Rig, conn: asyncpg.Connection, number: int) -> None:
    async with conn.transaction():
        await conn.execute(PURCHASE, f"member-{number % KEYS}", 1000)


async def _purchase_and_event(found: Rig, conn: asyncpg.Connection, number: int) -> None:
    key = f"member-{number % KEYS}"
    async with conn.transaction():
        await conn.execute(PURCHASE, key, 1000)
        event = NewEvent(TOPIC, key, PAYLOAD, uuid.uuid4(), datetime.now(UTC))
        await append(conn, [event], found.stage.topics)


async def _execute(found: Rig, statement: str) -> None:
    async with found.stage.connected() as conn:
        await conn.execute(statement)


if __name__ == "__main__":
    main()
