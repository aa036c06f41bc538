"""Work beside the relay's own, and its end: nothing here may keep a process that was told to end from ending."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

CANCEL_SECONDS = 0.5


@asynccontextmanager
async def background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Have work done meanwhile. Raises what it raised, at the end.

    It is cancelled until it ends: a cancellation is lost where a statement fails on the session that it broke.
    """
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_SECONDS)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call what blocks. If this is cancelled, nobody waits for its thread, as the end of the loop would for an
    executor's: a broker that does not answer can hold one for ever.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_what: Callable[[Any], None], value: object) -> None:
        if not done.done():
            set_what(value)

    def run() -> None:
        try:
            outcome: tuple[Callable[[Any], None], object] = done.set_result, function(*args, **kwargs)
        except Exception as error:
            outcome = done.set_exception, error
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name=function.__name__, daemon=True).start()
    return await done
