"""What a transaction that stays open for the whole run costs the others: nothing, if it goes as it should.

    python -m bench.open_transaction [--rows N] [--rounds N]

The rows of others wait and are drained, with and without a transaction that appended before all of them and is still
open; both kinds alternate, medians. In the end it commits: its own event must come, and the outbox has no dead rows.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
import uuid
from datetime import UTC, datetime

from bench._outbox import PAYLOAD, TOPIC, Drain, Rig, dead_rows, rig
from bench.common import report
from outbox import NewEvent, append
from tests.support import processes
from tests.support.waiting import eventually

BENCH = "open_transaction"
ARRIVAL_SECONDS = 30


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    without: list[Drain] = []
    beside: list[Drain] = []
    for _ in range(options.rounds):
        with rig() as found:
            without.append(asyncio.run(_drain(found, options.rows)))
        with rig() as found:
            drained, arrival_seconds, dead = asyncio.run(_drain_beside_an_open_one(found, options.rows))
            beside.append(drained)
    for figure, name, unit in (
        ("drain_rows_per_s", "rows_per_second", "rows/s"),
        ("relay_cpu_per_row", "cpu_microseconds_per_row", "us"),
    ):
        report(BENCH, figure, _median(name, beside), unit, _median(name, without))
    report(BENCH, "own_event_after_its_commit", arrival_seconds, "s")
    report(BENCH, "dead_rows_in_the_outbox", dead, "rows")


def _median(name: str, drains: list[Drain]) -> float:
    return float(statistics.median(getattr(drained, name) for drained in drains))


async def _drain(found: Rig, rows: int) -> Drain:
    await found.fill(rows)
    await found.settle()
    return await found.drain(rows)


async def _drain_beside_an_open_one(found: Rig, rows: int) -> tuple[Drain, float, int]:
    async with found.stage.connected() as conn, found.stage.connected() as other:
        transaction = conn.transaction()
        await transaction.start()
        late = NewEvent(TOPIC, "late", PAYLOAD, uuid.uuid4(), datetime.now(UTC))
        await append(conn, [late], found.stage.topics)
        drained = await _drain(found, rows)
        relay = found.relay()
        try:
            await found.led()
            before = found.ends()
            await transaction.commit()
            committed_at = time.time()
            await eventually(lambda: sum(found.ends()) == sum(before) + 1, ARRIVAL_SECONDS)
            arrival_seconds = found.last_record_at(before) - committed_at
        finally:
            processes.end(relay)
        return drained, arrival_seconds, await dead_rows(other)


if __name__ == "__main__":
    main()
