"""How long nobody publishes when the leading relay is killed, frozen, or asked to end.

    python -m bench.failover [--rounds N] [--only killed|frozen|asked_to_end]

Two relays with their own settings, and 200 single-row transactions a second. The gap is what a consumer would notice:
from the signal to the first record that the other relay produced (killed, frozen), or the longest time between two
records around the signal (asked to end; 5 ms is the writers' own pace).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import statistics
import time
import uuid
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

from bench._outbox import KEYS, PAYLOAD, TOPIC, Rig, rig
from bench.common import report
from outbox import NewEvent, append
from tests.support import processes
from tests.support.outbox import leader_among
from tests.support.processes import LaurelProcess

BENCH = "failover"
ROWS_PER_SECOND = 200
READY_SECONDS = 4.0
WATCHED_SECONDS = 12.0
CLOCK_STEP_SECONDS = 0.002
SIGNALS = {"killed": signal.SIGKILL, "frozen": signal.SIGSTOP, "asked_to_end": signal.SIGTERM}


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=SIGNALS, action="append")
    options = parser.parse_args()
    signals = {name: SIGNALS[name] for name in options.only or SIGNALS}
    with rig() as found:
        moments = asyncio.run(_campaign(found, options.rounds, signals))
        produced = sorted(record.produced_at for record in asyncio.run(found.stage.records()))
    for name, at in moments.items():
        gaps = [_gap(produced, moment, whole=name == "asked_to_end") for moment in at]
        report(BENCH, f"{name}_gap_median", statistics.median(gaps), "s")
        report(BENCH, f"{name}_gap_longest", max(gaps), "s")


def _gap(produced: list[float], moment: float, *, whole: bool) -> float:
    """From the moment to the next record; or the longest time between two of them while it was watched."""
    next_one = bisect_right(produced, moment + CLOCK_STEP_SECONDS)
    if not whole:
        return produced[next_one] - moment
    last = bisect_right(produced, moment + WATCHED_SECONDS)
    return max(later - earlier for earlier, later in pairwise(produced[next_one - 1 : last]))


async def _campaign(found: Rig, rounds: int, signals: Mapping[str, signal.Signals]) -> dict[str, list[float]]:
    """When which signal was sent."""
    relays = [found.relay(), found.relay()]
    moments: dict[str, list[float]] = {name: [] for name in signals}
    writing = asyncio.create_task(_write(found))
    try:
        for _ in range(rounds):
            for name, number in signals.items():
                await asyncio.sleep(READY_SECONDS)
                moments[name].append(await _signal(found, relays, number))
    finally:
        writing.cancel()
        for relay in relays:
            await asyncio.to_thread(processes.end, relay)
        with contextlib.suppress(asyncio.CancelledError):
            await writing
    return moments


async def _signal(found: Rig, relays: list[LaurelProcess], number: signal.Signals) -> float:
    """Send it to the leader, and have two relays again in the end; when it was sent."""
    async with found.stage.connected() as conn:
        leader = await leader_among(conn, relays)
    moment = time.time()
    leader.send(number)
    await asyncio.sleep(WATCHED_SECONDS)
    if number is signal.SIGSTOP:
        leader.send(signal.SIGCONT)
    else:
        await asyncio.to_thread(leader.popen.wait, WATCHED_SECONDS)
        relays.remove(leader)
        relays.append(found.relay())
    return moment


async def _write(found: Rig) -> None:
    async with found.stage.connected() as conn:
        began_at = time.monotonic()
        number = 0
        while True:
            number += 1
            event = NewEvent(TOPIC, f"member-{number % KEYS}", PAYLOAD, uuid.uuid4(), datetime.now(UTC))
            async with conn.transaction():
                await append(conn, [event], found.stage.topics)
            await asyncio.sleep(max(0.0, began_at + number / ROWS_PER_SECOND - time.monotonic()))


if __name__ == "__main__":
    main()
