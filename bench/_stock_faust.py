"""A bare agent on stock Faust that only counts: `python -m bench._stock_faust BOOTSTRAP TOPIC EVENTS`.

Stock: no setting but those without which it would not start here, Faust's own consumer, transport and stream. Prints
events a second and microseconds of CPU an event, from the first tenth of the events to the last.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from typing import Any

import faust

WARM_UP_SHARE = 0.1


def main() -> None:
    """Counts, prints, and ends the process."""
    bootstrap, topic_name, events = sys.argv[1], sys.argv[2], int(sys.argv[3])
    app = faust.App(
        f"bench-floor-{secrets.token_hex(4)}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        datadir=tempfile.mkdtemp(prefix="laurel-bench-"),
        consumer_auto_offset_reset="earliest",
    )
    topic = app.topic(topic_name, value_type=bytes, value_serializer="raw", key_type=bytes, key_serializer="raw")

    async def count(stream: Any) -> None:
        seen, began, cpu = 0, 0.0, 0.0
        warm_up = int(events * WARM_UP_SHARE)
        async for _ in stream:
            seen += 1
            if seen == warm_up:
                began, cpu = time.perf_counter(), time.process_time()
            if seen == events:
                counted = seen - warm_up
                seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
                print(counted / seconds, cpu_seconds / counted * 1e6, flush=True)
                os._exit(0)

    app.agent(topic, name="count")(count)
    worker = faust.Worker(app, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
