"""Runs an API as `settings` say: in this process, or as several that accept from one socket.

All of them live and die together: whoever supervises an API sees one process that runs or has failed. Sanic's own
runner is not used: a second SIGTERM breaks off its shutdown, and from Python 3.12 on it waits for idle connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

import structlog
import uvloop
from sanic.application.state import ApplicationServerInfo
from sanic.http.constants import HTTP

from api.kit.collecting import Collecting, spare_what_lives
from api.kit.endpoint import App
from api.kit.metrics import CONNECTIONS, Boards
from api.kit.protocol import TimedProtocol
from loyalty.settings import Settings

log = structlog.get_logger("api")

CreateApp = Callable[[Settings], App]

SPEAKS = ApplicationServerInfo({"version": HTTP.VERSION_1})
"""Untold, Sanic names no other protocol in every answer: an empty Alt-Svc."""
BACKLOG = 1024
STOP_SECONDS = 20
FINISH_POLL_SECONDS = 0.05
HOUSEKEEPING_SECONDS = 1.0
OTHER_FILES = 200
"""Besides connections: of the database, of Redis, logs, modules."""


class _AskedToStop(Exception):
    """SIGTERM or SIGINT arrived."""


def serve(create_app: CreateApp, settings: Settings, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then lets running requests finish. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    settings = _with_open_files(settings)
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listening:
        if settings.api_workers == 1:
            _serve_here(create_app, settings, listening, Boards(), 0)
        else:
            _serve_together(create_app, settings, listening)


def _with_open_files(settings: Settings) -> Settings:
    """Lets this process open as many files as its connections need; takes fewer connections where it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    wanted = min(settings.api_connections_limit + OTHER_FILES, allowed)
    if soft not in (resource.RLIM_INFINITY, wanted) and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    limit = min(settings.api_connections_limit, allowed - OTHER_FILES)
    if limit < settings.api_connections_limit:
        log.warning("connections_limited_by_open_files", limit=limit, open_files=hard)
    return settings.model_copy(update={"api_connections_limit": limit})


@asynccontextmanager
async def running(app: App, listening: socket.socket) -> AsyncIterator[Collection[Any]]:
    """Serves while the context lasts, and gives the connections; on the way out no request is dropped that was taken.

    First the API says that it is stopping: not ready, and with every answer that the connection ends there. For
    STOP_DELAY_SECONDS it goes on, so that whoever spreads the requests has time to look. Then it takes no more
    connections, ends streams, and lets what runs finish.
    """
    app.state.server_info.append(SPEAKS)
    server: Any = await app.create_server(
        sock=listening, backlog=BACKLOG, access_log=False, return_asyncio_server=True, protocol=TimedProtocol
    )
    await server.startup()
    await server.before_start()
    await server.after_start()
    await server.start_serving()
    try:
        yield server.connections
    finally:
        app.ctx.stopping = True
        await asyncio.sleep(app.config.STOP_DELAY_SECONDS)
        await server.before_stop()
        server.server.close()
        await _let_finish(server.connections, app.config.GRACEFUL_SHUTDOWN_TIMEOUT)
        await server.after_stop()


async def _let_finish(connections: Collection[Any], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while connections:
                for connection in tuple(connections):
                    connection.close_if_idle()
                await asyncio.sleep(FINISH_POLL_SECONDS)
    for connection in tuple(connections):
        connection.abort()


def _serve_here(
    create_app: CreateApp, settings: Settings, listening: socket.socket, boards: Boards, number: int
) -> None:
    app = create_app(settings)
    app.ctx.metrics.share(boards, number)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_until_stopped(app, listening))


async def _serve_until_stopped(app: App, listening: socket.socket) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(app, listening) as connections:
        app.ctx.metrics.watch(CONNECTIONS, lambda: len(connections))
        spare_what_lives()
        keeping = asyncio.create_task(_keep_house(app, connections), name="house")
        log.info("api_ready", address=listening.getsockname()[:2])
        await stop.wait()
        log.info("api_stopping")
        keeping.cancel()


async def _keep_house(app: App, connections: Collection[Any]) -> None:
    collecting = Collecting()
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        app.ctx.metrics.note()
        if collecting.is_due(TimedProtocol.ended, len(connections)):
            gc.collect()


def _serve_together(create_app: CreateApp, settings: Settings, listening: socket.socket) -> None:
    # Forked, before there is a loop or a thread: they inherit the socket.
    forking = multiprocessing.get_context("fork")
    boards = Boards(settings.api_workers)
    workers = [
        forking.Process(
            target=_serve_forked, args=(create_app, settings, listening, boards, number), name=f"api {number + 1}"
        )
        for number in range(settings.api_workers)
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


def _serve_forked(
    create_app: CreateApp, settings: Settings, listening: socket.socket, boards: Boards, number: int
) -> None:
    _on_signals(signal.SIG_DFL)
    _serve_here(create_app, settings, listening, boards, number)


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
