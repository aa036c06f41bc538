"""The relay as a process of its own: its event loop, its signals, its garbage collector."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys

from outbox.relay import run_relay
from outbox.settings import RelaySettings

GC_THRESHOLD = 50_000
"""Rows and headers make no cycles: looking for some in thousands of them costs a tenth of the speed."""


def relay(settings: RelaySettings) -> None:
    """Relay until SIGTERM or SIGINT, then deliver what is in flight and end. Raises what `run_relay` raises."""
    with asyncio.Runner(loop_factory=_event_loop) as runner:
        runner.run(_relay(settings))


async def _relay(settings: RelaySettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 50, 100)
    await run_relay(settings, stop)


def _event_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
