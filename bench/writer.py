"""What an event costs the one who writes it: a one-row transaction alone, and with one event appended.

    python -m bench.writer [--seconds S] [--rounds N]

16 connections; all kinds alternate, round after round; medians, beside the transaction alone. With pgbench and prepared
statements: `statements` sends begin, insert, append's own statement and commit one after the other, so that one more
statement is one more round trip (`any_statement`, a `select 1` in its place, shows what that costs by itself);
`one_statement` inserts row and event together (outbox.insert_values), which is no round trip more; `pipelined` sends
all of them at once, which leaves what PostgreSQL has to do. `client` is asyncpg and `outbox.append` (or the one
statement) in one Python process, which is the limit there.
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
from outbox import NewEvent, append, insert_values
from outbox.statements import load
from stack.postgres import program

BENCH = "writer"
CONNECTIONS = 16
THREADS = 2

TABLE = "create table bench_purchase (id bigint generated always as identity primary key, member text, amount int)"
PURCHASE = "insert into bench_purchase (member, amount) values ($1, $2)"
PURCHASE_AND_EVENT = f"""
with made as ({PURCHASE} returning member)
insert into outbox (event_id, topic, key, payload, source, occurred_at, traceparent)
select $3::uuid, $4::text, member, $5::bytea, $6::text, $7::timestamptz, $8::text from made
"""
MEMBER = f"\\set member random(1, {KEYS})"
ALONE = "insert into bench_purchase (member, amount) values ('member-' || :member, 1000);"
PGBENCH = f"""
{MEMBER}
begin;
{ALONE}
%s
commit;
"""
EVENT_ID = "01900000-0000-7000-8000-000000000000"
VALUES = {
    "uuid": f"'{EVENT_ID}'",
    "text": f"'{TOPIC}'",
    "bytea": f"'{PAYLOAD.decode()}'",
    "timestamptz": "now()",
}
TPS = re.compile(r"tps = ([\d.]+)")


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with rig() as found:
        asyncio.run(_execute(found, TABLE))
        rates = {**_server_rates(found), **_client_rates(found)}
        seen: dict[str, list[float]] = {name: [] for name in rates}
        for _ in range(options.rounds):
            for name, rate in rates.items():
                seen[name].append(rate(options.seconds))
    medians = {name: statistics.median(values) for name, values in seen.items()}
    for name, alone in PAIRS.items():
        report(BENCH, f"{name}_transactions_per_s", medians[name], "tx/s", medians[alone])
        report(BENCH, f"{name}_time_added", (medians[alone] / medians[name] - 1) * 100, "%")


PAIRS = {
    "statements_appending": "statements_alone",
    "any_statement": "statements_alone",
    "one_statement_appending": "statements_alone",
    "pipelined_appending": "pipelined_alone",
    "client_appending": "client_alone",
    "client_one_statement_appending": "client_alone",
}

Rates = Mapping[str, Callable[[float], float]]


def _server_rates(found: Rig) -> Rates:
    appending = PGBENCH % _append_statement()
    scripts = {
        "statements_alone": PGBENCH % "",
        "statements_appending": appending,
        "any_statement": PGBENCH % "select 1;",
        "one_statement_appending": f"{MEMBER}\nbegin;\n{_one_statement()};\ncommit;\n",
        "pipelined_alone": _pipelined(PGBENCH % ""),
        "pipelined_appending": _pipelined(appending),
    }
    return {name: _script_rate(found, name, text) for name, text in scripts.items()}


def _script_rate(found: Rig, name: str, text: str) -> Callable[[float], float]:
    path = found.folder / f"{name}.sql"
    path.write_text(text)
    return lambda seconds: _pgbench(found.stage.dsn, path, seconds)


def _pipelined(script: str) -> str:
    return script.replace("begin;", "\\startpipeline\nbegin;").replace("commit;", "commit;\n\\endpipeline")


def _append_statement() -> str:
    """What `append` sends for one event, with values in the place of its parameters: $1::uuid becomes …::uuid."""
    text = load("append")["insert_event"]

    def value(found: re.Match[str]) -> str:
        number, kind = int(found[1]), found[2]
        if number == KEY_PARAMETER:
            return f"('member-' || :member)::{kind}"
        return f"{VALUES[kind]}::{kind}"

    statement = re.sub(r"\$(\d+)::(\w+)", value, text)
    assert "$" not in statement, statement
    return statement if statement.endswith(";") else f"{statement};"


KEY_PARAMETER = 3


def _one_statement() -> str:
    """Row and event together, as in PURCHASE_AND_EVENT."""
    values = f"'{EVENT_ID}'::uuid, '{TOPIC}', member, '{PAYLOAD.decode()}'::bytea, '/laurel', now(), null::text"
    columns = "event_id, topic, key, payload, source, occurred_at, traceparent"
    made = ALONE.replace(";", " returning member")
    return f"with made as ({made}) insert into outbox ({columns}) select {values} from made"


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

    kinds = {"alone": _purchase, "appending": _purchase_and_event, "one_statement_appending": _one_of_both}
    return {f"client_{name}": rate(write) for name, write in kinds.items()}


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


async def _one_of_both(found: Rig, conn: asyncpg.Connection, number: int) -> None:
    key = f"member-{number % KEYS}"
    async with conn.transaction():
        event = NewEvent(TOPIC, key, PAYLOAD, uuid.uuid4(), datetime.now(UTC))
        event_id, topic, _, *others = insert_values(event, found.stage.topics)
        await conn.execute(PURCHASE_AND_EVENT, key, 1000, event_id, topic, *others)


async def _execute(found: Rig, statement: str) -> None:
    async with found.stage.connected() as conn:
        await conn.execute(statement)


if __name__ == "__main__":
    main()
