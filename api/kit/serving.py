"""Runs an API as `settings` say: in this process, or as several that accept from one socket.

All of them live and die together: whoever supervises an API sees one process that runs or has failed.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

from api.kit.endpoint import App
from loyalty.settings import Settings

CreateApp = Callable[[Settings], App]

BACKLOG = 1024
STOP_SECONDS = 20


class _AskedToStop(Exception):
    """SIGTERM or SIGINT arrived."""


def serve(create_app: CreateApp, settings: Settings, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then lets running requests finish. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listening:
        if settings.api_workers == 1:
            _serve_here(create_app, settings, listening)
        else:
            _serve_together(create_app, settings, listening)


def _serve_here(create_app: CreateApp, settings: Settings, listening: socket.socket) -> None:
    create_app(settings).run(sock=listening, single_process=True, motd=False, access_log=False)


def _serve_together(create_app: CreateApp, settings: Settings, listening: socket.socket) -> None:
    # Forked, before there is a loop or a thread: they inherit the socket.
    forking = multiprocessing.get_context("fork")
    workers = [
        forking.Process(target=_serve_forked, args=(create_app, settings, listening), name=f"api {number}")
        for number in range(1, settings.api_workers + 1)
    ]
    _on_signals(_stop)
    try:
        for worker in workers:
            worker.start()
        wait([worker.sentinel for worker in workers])
    except _AskedToStop:
        sys.exit(_end(workers))
    _end(workers)
    sys.exit(1)


def _serve_forked(create_app: CreateApp, settings: Settings, listening: socket.socket) -> None:
    _on_signals(signal.SIG_DFL)
    _serve_here(create_app, settings, listening)


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _stop(_: int, __: FrameType | None) -> None:
    _on_signals(signal.SIG_IGN)
    raise _AskedToStop


def _end(workers: Sequence[BaseProcess]) -> int:
    """Ends them all, by force if need be. 0 when each ended well."""
    started = [worker for worker in workers if worker.pid is not None]
    for worker in started:
        worker.terminate()
    for worker in started:
        worker.join(STOP_SECONDS)
        if worker.is_alive():
            worker.kill()
            worker.join()
    return int(any(worker.exitcode for worker in started))
