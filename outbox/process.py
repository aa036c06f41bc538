"""The relay as a process of its own: its event loop, its signals, its garbage collector, its end.

A relay that was told to end does, within `end_seconds`, whatever hangs: it then leaves as a kill would, which does no
harm, and says on stderr where each of its threads was.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import signal
import sys

from outbox.relay import run_relay
from outbox.settings import RelaySettings

GC_THRESHOLD = 50_000
"""Rows and headers make no cycles: looking for some in thousands of them costs a tenth of the speed."""


END_SECONDS = 12.0
"""Longer than what is in flight may take (drain_seconds), and its producers to close."""


def relay(settings: RelaySettings, *, end_seconds: float = END_SECONDS) -> None:
    """Relay until SIGTERM or SIGINT, then deliver what is in flight and end. Raises what `run_relay` raises."""
    with asyncio.Runner(loop_factory=_event_loop) as runner:
        runner.run(_relay(settings, end_seconds))


async def _relay(settings: RelaySettings, end_seconds: float) -> None:
    stop = asyncio.Event()

    def end() -> None:
        if not stop.is_set():  # asked again, it gets no more time
            stop.set()
            faulthandler.dump_traceback_later(end_seconds, exit=True)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 50, 100)
    await run_relay(settings, stop)


def _event_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
