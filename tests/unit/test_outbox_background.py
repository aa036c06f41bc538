"""Nothing beside the relay's work keeps it from ending."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from outbox.background import background, in_thread

SOON_SECONDS = 20


async def test_work_that_loses_a_cancellation_is_cancelled_again() -> None:
    lost: list[bool] = []

    async def deaf() -> None:
        while len(lost) < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost.append(True)
        await asyncio.Event().wait()

    async with asyncio.timeout(SOON_SECONDS):
        async with background(deaf()):
            await asyncio.sleep(0)
    assert len(lost) == 2


async def test_what_went_wrong_beside_is_told_at_the_end() -> None:
    async def fails() -> None:
        raise LookupError("beside")

    with pytest.raises(LookupError, match="beside"):
        async with background(fails()):
            await asyncio.sleep(0)


async def test_a_call_in_a_thread_returns_and_raises_as_it_does() -> None:
    assert await in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 7, 0)


def test_a_call_that_never_returns_does_not_keep_the_loop_from_ending() -> None:
    going_on, ended = threading.Event(), threading.Event()

    def blocks() -> None:
        going_on.wait(SOON_SECONDS)
        ended.set()

    async def gives_up() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(in_thread(blocks), 0.01)

    asyncio.run(gives_up())
    assert not ended.is_set()
    going_on.set()
    assert ended.wait(SOON_SECONDS), "its answer to a loop that has ended is dropped"
