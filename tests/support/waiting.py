"""Waiting for what comes to pass, with a deadline instead of a sleep."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")

POLL_SECONDS = 0.02


@overload
async def eventually(check: Callable[[], Awaitable[T]], timeout_seconds: float = 20) -> T: ...


@overload
async def eventually(check: Callable[[], T], timeout_seconds: float = 20) -> T: ...


async def eventually(check: Callable[[], T | Awaitable[T]], timeout_seconds: float = 20) -> T:
    """Repeat `check` until it returns something truthy and raises no AssertionError; return that.

    At the deadline the last AssertionError is raised, or one that says what was returned last.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            found = check()
            result = await found if inspect.isawaitable(found) else found
            assert result, f"not so after {timeout_seconds:g} s: last seen {result!r}"
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        else:
            return result
        await asyncio.sleep(POLL_SECONDS)


def eventually_sync(check: Callable[[], T], timeout_seconds: float = 20) -> T:
    """`eventually` for tests that run no event loop."""
    return asyncio.run(eventually(check, timeout_seconds))
