"""A day's outage, and a long past: does the relay's speed or its memory depend on either?

    python -m bench.backlog [--waiting N] [--kept N] [--probe N] [--rounds N]

Two outboxes on the same servers. In one `waiting` rows wait, as after a day without a relay, and are drained: rate and
peak memory. Then it holds `kept` published rows, and `probe` new ones are drained in it and in the other one, which has
no past, in turn. Rates are beside those of the other one (before and after, for what waited), medians. On a machine
with other work the CPU a row tells more than the rate: the relay's, and that of the session that reads the log. The
whole: --waiting 5000000 --kept 10000000 (some 8 GB, a quarter of an hour).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Sequence

from bench._outbox import Drain, Rig, rig_on
from bench.common import report
from tests.support.servers import running

BENCH = "backlog"
FIGURES = {
    "drain_rows_per_s": ("rows_per_second", "rows/s"),
    "relay_cpu_per_row": ("cpu_microseconds_per_row", "us"),
    "postgres_cpu_per_row": ("postgres_cpu_microseconds_per_row", "us"),
    "relay_peak_memory": ("peak_memory_mib", "MiB"),
}


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, default=1_000_000)
    parser.add_argument("--kept", type=int, default=2_000_000)
    parser.add_argument("--probe", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with running() as servers, rig_on(servers) as old, rig_on(servers) as new:
        floor = [_drain(new, options.probe)]
        outage = _drain(old, options.waiting)
        floor.append(_drain(new, options.probe))
        _tell(f"{options.waiting}_rows_waiting", [outage], floor)
        asyncio.run(_keep(old, options.kept - options.waiting))
        rounds = [(_drain(old, options.probe), _drain(new, options.probe)) for _ in range(options.rounds)]
        _tell(f"{options.kept}_rows_kept", *map(list, zip(*rounds, strict=True)))


def _drain(found: Rig, rows: int) -> Drain:
    async def drained() -> Drain:
        await found.fill(rows)
        await found.settle()
        return await found.drain(rows)

    return asyncio.run(drained())


async def _keep(found: Rig, rows: int) -> None:
    await found.fill(max(rows, 0))
    await found.pass_over()


def _tell(what: str, drains: Sequence[Drain], floor: Sequence[Drain]) -> None:
    for figure, (name, unit) in FIGURES.items():
        report(BENCH, f"{what}_{figure}", _median(drains, name), unit, _median(floor, name))


def _median(drains: Sequence[Drain], name: str) -> float:
    figures: list[float] = [getattr(drain, name) for drain in drains]
    return statistics.median(figures)


if __name__ == "__main__":
    main()
