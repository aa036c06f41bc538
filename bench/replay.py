"""The replay through a whole stack of its own: `python -m bench.replay [--baskets N]`.

First few requests at once, so that a latency is the way's and not a queue's; then as many as the machine takes. The
floor of the speed is what the same client sends in the same run to a server that answers without doing anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.common import report
from cli.journey.baskets import read_baskets, read_participants
from cli.journey.client import ApiClient, open_session
from cli.journey.sending import Shoppers, send_baskets
from cli.journey.watching import Latencies

BASKETS = 10_000
QUIET_BASKETS = 500
QUIET_REQUESTS = 1
REQUESTS = 32
FLOOR_BASKETS = 3_000


def main() -> None:
    """Measure, and print each figure as a line of JSON."""
    baskets = _arguments().baskets
    floor = asyncio.run(_floor())
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as folder, _stack(Path(folder)) as environment:
        quiet = _replay(environment, Path(folder), QUIET_BASKETS, QUIET_REQUESTS)
        busy = _replay(environment, Path(folder), QUIET_BASKETS + baskets, REQUESTS)
    for name, summary in (("quiet", quiet), ("busy", busy)):
        for share in ("p50", "p99"):
            report("replay", f"latency_{share}_{name}", summary["latency"][f"{share}_ms"], "ms")
    report("replay", "baskets", busy["baskets_per_second"], "baskets/s", floor)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baskets", type=int, default=BASKETS)
    return parser.parse_args()


@contextmanager
def _stack(folder: Path) -> Iterator[dict[str, str]]:
    environment = {**os.environ, "LAUREL_HOME": str(folder / "home")}
    _laurel(environment, "stack", "up", "--detach")
    try:
        yield environment
    finally:
        _laurel(environment, "stack", "down")


def _replay(environment: dict[str, str], folder: Path, baskets: int, requests: int) -> dict[str, Any]:
    file = folder / "summary.json"
    _laurel(environment, "replay", f"--baskets={baskets}", f"--concurrency={requests}", f"--json={file}")
    summary: dict[str, Any] = json.loads(file.read_text())
    return summary


def _laurel(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-P", "-m", "cli", *arguments]
    subprocess.run(command, env=environment, check=True, stdout=sys.stderr)


async def _floor() -> float:
    """Baskets a second that the client sends to a process that answers at once."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench._answer_at_once", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    url = (await server.stdout.readline()).decode().strip()
    try:
        return await _send(url)
    finally:
        server.terminate()
        await server.wait()


async def _send(url: str) -> float:
    households, stores = read_participants(FLOOR_BASKETS)
    shoppers = Shoppers({one: UUID(int=one) for one in households}, {one: UUID(int=one) for one in stores})
    async with open_session(REQUESTS) as session:
        client = ApiClient(session, [url], str)
        began = time.monotonic()
        baskets = read_baskets(FLOOR_BASKETS)
        await send_baskets(client, baskets, shoppers, Latencies(frozenset()), REQUESTS, lambda: None)
        return FLOOR_BASKETS / (time.monotonic() - began)


if __name__ == "__main__":
    main()
