"""How long silence is believed: longer while pokes announce what is written, and no longer once they do not."""

from __future__ import annotations

import asyncio

from outbox import RelaySettings, Topics
from outbox.rhythm import Rhythm

UNTRUSTED_SECONDS = 0.004
TRUSTED_SECONDS = 0.05


def settings(**changes: float) -> RelaySettings:
    given = {"longest_pause_seconds": UNTRUSTED_SECONDS, "trusted_pause_seconds": TRUSTED_SECONDS, **changes}
    return RelaySettings(dsn="", kafka={}, topics=Topics({}), **given)  # type: ignore[arg-type]


def rhythm(wake: asyncio.Event, **changes: float) -> Rhythm:
    return Rhythm(settings(**changes), wake)


async def silence(kept: Rhythm) -> None:
    """Look in vain for as long as the longest pause needs to grow."""
    for _ in range(10):
        await kept.rest(found_rows=False)


async def poked_row(kept: Rhythm, wake: asyncio.Event) -> None:
    """A poke, and a row behind it."""
    wake.set()
    await kept.rest(found_rows=False)
    await kept.rest(found_rows=True)


async def test_without_pokes_it_looks_often() -> None:
    kept = rhythm(asyncio.Event())
    await silence(kept)
    assert kept.longest_pause_seconds == UNTRUSTED_SECONDS


async def test_a_poke_that_announced_a_row_is_trusted_and_one_that_announced_nothing_is_not() -> None:
    wake = asyncio.Event()
    kept = rhythm(wake)
    wake.set()
    await kept.rest(found_rows=False)
    await kept.rest(found_rows=False)
    assert kept.longest_pause_seconds == UNTRUSTED_SECONDS
    await poked_row(kept, wake)
    assert kept.longest_pause_seconds == TRUSTED_SECONDS


async def test_a_row_that_nobody_announced_ends_the_trust_until_the_next_poke() -> None:
    wake = asyncio.Event()
    kept = rhythm(wake)
    await poked_row(kept, wake)
    await silence(kept)
    await kept.rest(found_rows=True)
    assert kept.longest_pause_seconds == UNTRUSTED_SECONDS
    await poked_row(kept, wake)
    assert kept.longest_pause_seconds == TRUSTED_SECONDS


async def test_rows_found_before_their_poke_came_are_no_reason_to_distrust() -> None:
    """While rows flow it looks sooner than pokes, which are sent together, can come."""
    wake = asyncio.Event()
    kept = rhythm(wake)
    await poked_row(kept, wake)
    for _ in range(3):
        await kept.rest(found_rows=True)
    assert kept.longest_pause_seconds == TRUSTED_SECONDS


async def test_the_session_is_never_silent_for_as_long_as_it_would_be_ended_for() -> None:
    wake = asyncio.Event()
    kept = rhythm(wake, trusted_pause_seconds=60.0, leadership_seconds=0.12)
    await poked_row(kept, wake)
    assert kept.longest_pause_seconds == 0.02


async def test_with_rows_in_flight_it_does_not_rest_for_as_long() -> None:
    """Their acknowledgements are to be seen to."""
    wake = asyncio.Event()
    kept = rhythm(wake, trusted_pause_seconds=600.0, leadership_seconds=36_000.0)
    await poked_row(kept, wake)
    async with asyncio.timeout(20):
        for _ in range(40):
            await kept.rest(found_rows=False, in_flight=True)


async def test_a_poke_ends_a_rest() -> None:
    wake = asyncio.Event()
    kept = rhythm(wake, shortest_pause_seconds=600.0)
    rest = asyncio.create_task(kept.rest(found_rows=True))
    await asyncio.sleep(0)
    wake.set()
    await asyncio.wait_for(rest, 20)
    assert not wake.is_set()
