"""A day's outage, and a long past: does the relay's speed or its memory depend on either?

    python -m bench.backlog [--waiting N] [--kept N] [--probe N]

`probe` rows are drained with an empty past (the floor). Then `waiting` rows wait, as after a day without a relay, and
are drained: rate and peak memory. Then the log holds `kept` published rows, and `probe` new ones are drained again.
Every rate is beside the first one. The whole: --waiting 5000000 --kept 10000000 (some 8 GB, a quarter of an hour).
"""

from __future__ import annotations

import argparse
import asyncio

from bench._outbox import Drain, Rig, rig
from bench.common import report

BENCH = "backlog"


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, default=1_000_000)
    parser.add_argument("--kept", type=int, default=2_000_000)
    parser.add_argument("--probe", type=int, default=300_000)
    options = parser.parse_args()
    with rig() as found:
        first = asyncio.run(_drain(found, options.probe))
        outage = asyncio.run(_drain(found, options.waiting))
        _tell(f"{options.waiting}_rows_waiting", outage, first)
        asyncio.run(_keep(found, options.kept - options.probe - options.waiting))
        _tell(f"{options.kept}_rows_kept", asyncio.run(_drain(found, options.probe)), first)


async def _drain(found: Rig, rows: int) -> Drain:
    await found.fill(rows)
    await found.settle()
    return await found.drain()


async def _keep(found: Rig, rows: int) -> None:
    await found.fill(max(rows, 0))
    await found.pass_over()


def _tell(what: str, drained: Drain, first: Drain) -> None:
    report(BENCH, f"{what}_drain_rows_per_s", drained.rows_per_second, "rows/s", first.rows_per_second)
    report(BENCH, f"{what}_cpu_per_row", drained.cpu_microseconds_per_row, "us", first.cpu_microseconds_per_row)
    report(BENCH, f"{what}_relay_peak_memory", drained.peak_memory_mib, "MiB", first.peak_memory_mib)


if __name__ == "__main__":
    main()
