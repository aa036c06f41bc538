"""The relay under fire: writers that make reading hard, relays that are killed or frozen, and the checker.

`make test-long` runs it whole; LAUREL_TEST_SEED repeats the writers and the moments of a run.
"""

from __future__ import annotations

import asyncio
import signal

import asyncpg
import pytest

from tests.chaos.outbox_campaign import delivery, log_ends, outcome, tell, through_inbox
from tests.chaos.outbox_history import Verdict, judge
from tests.chaos.outbox_writers import SCHEMA, Writers
from tests.support.campaigns import run_seed, seeded, sized
from tests.support.outbox import Stage, StartRelay, leader_among

ROUNDS = sized(6, 100)
FREEZES = sized(1, 20)
FROZEN_SECONDS = sized(4.0, 15.0)
AWAKE_SECONDS = sized(1.0, 3.0)
FREEZE_SETTINGS = sized({"LAUREL_RELAY_LEADERSHIP_SECONDS": "2"}, {})
"""Those that the relay has by itself, when the campaign is whole."""
FEW_DUPLICATES = 100

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180 + ROUNDS * 10)]


async def test_relays_killed_at_random_lose_nothing_and_repeat_nothing(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    dice = seeded("killed relays")
    await conn.execute(SCHEMA)
    writers = Writers(stage.dsn, stage.topics, run_seed())
    writing = asyncio.create_task(writers.run(short=6, long=2))
    for _ in range(ROUNDS):
        relay = start_relay(LAUREL_RELAY_PAGE_ROWS=str(dice.choice([7, 40, 2_000])))
        await asyncio.sleep(dice.uniform(0.8, 2.5))
        await asyncio.to_thread(relay.kill)
    writers.stopped = True
    await writing
    start_relay()
    found = await outcome(stage, conn, writers)
    tell("outbox-killed-relays", run_seed(), writers, found, {"rounds": ROUNDS})
    assert found.verdict == Verdict(), found.verdict


async def test_a_leader_that_is_frozen_is_replaced_and_does_no_harm_when_it_wakes(
    stage: Stage, conn: asyncpg.Connection, start_relay: StartRelay
) -> None:
    await conn.execute(SCHEMA)
    writers = Writers(stage.dsn, stage.topics, run_seed(), pause_seconds=0.02)
    writing = asyncio.create_task(writers.run(short=4, long=1))
    relays = [start_relay(**FREEZE_SETTINGS), start_relay(**FREEZE_SETTINGS)]
    for _ in range(FREEZES):
        frozen = await leader_among(conn, relays)
        frozen.send(signal.SIGSTOP)
        await asyncio.sleep(FROZEN_SECONDS)
        assert await leader_among(conn, relays) is not frozen, log_ends(relays)
        frozen.send(signal.SIGCONT)
        await asyncio.sleep(AWAKE_SECONDS)
    writers.stopped = True
    await writing
    found = await outcome(stage, conn, writers)
    applied = await through_inbox(conn, found.records)
    figures = {"rounds": FREEZES, "frozen_seconds": FROZEN_SECONDS, "applied_by_a_consumer_with_an_inbox": len(applied)}
    tell("outbox-frozen-leaders", run_seed(), writers, found, figures)
    harmless = Verdict(duplicated=found.verdict.duplicated, regressed=found.verdict.regressed)
    assert found.verdict == harmless, found.verdict
    seen = judge(writers.written, found.logged, map(delivery, applied))
    assert seen == Verdict(), f"what a consumer with an inbox applies: {seen}"
    surplus = len(found.records) - len(found.logged)
    assert surplus < FEW_DUPLICATES * FREEZES, "the inbox absorbs them, but few should come"
