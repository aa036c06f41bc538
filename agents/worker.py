"""The worker process: its connections, its agents and what watches over them, from start to stop."""

import asyncio
import gc
import logging
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, Self

import faust
import structlog
from redis import asyncio as aioredis

from agents.app import create_app, name_of
from agents.bell import Bell, connect_redis
from agents.brokers import wait_for_topics
from agents.ending import EXIT_BUG, end_process
from agents.flows import earning_flow, events_flow, redeeming_flow, refunding_flow
from agents.health import serve_health
from agents.housekeeping import House, keep_house
from agents.lag import LagReport
from agents.metrics import WorkerMetrics
from agents.processing import Flow, Processor
from agents.reconciler import keep_reconciling
from agents.replays import keep_replaying
from agents.timed import keep_tending
from agents.watching import assigned_partitions, report_lag, watch_group
from agents.webhooks import keep_delivering
from loyalty.clock import Clock, system_clock
from loyalty.settings import Settings
from loyalty.store.database import DATABASE_AWAY, Pool, open_pool
from outbox import Poke

OTHER_CONNECTIONS = 6
"""Besides one for each lane of each flow: one to set events aside, the sessions of reconciler, housekeeping, timed work
and webhooks, one to spare."""
DATABASE_PAUSE_SECONDS = 1.0
READY_SECONDS = 1.0
GC_THRESHOLD = 50_000
"""A batch makes tens of thousands of objects and no cycles: look for cycles less often than every 700 objects."""
ALL_FLOWS = (
    earning_flow(system_clock),
    redeeming_flow(system_clock),
    refunding_flow(system_clock),
    events_flow(system_clock),
)

log = structlog.get_logger()


def run_worker(settings: Settings, *, with_web: bool = True, flows: Sequence[Flow] | None = None) -> NoReturn:
    """Runs until SIGTERM or SIGINT, then raises SystemExit(0); after anything else the status is another."""
    _quieten_libraries()
    gc.set_threshold(GC_THRESHOLD)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with tempfile.TemporaryDirectory(prefix="laurel-worker-") as folder:
        app = _unless_stopped(loop, _start(settings, Path(folder), flows or ALL_FLOWS, with_web=with_web))
        worker = faust.Worker(app, loop=loop, override_logging=False, redirect_stdouts=False, quiet=True)
        worker.spinner = None
        worker.execute_from_commandline()
    raise SystemExit(0)


def _quieten_libraries() -> None:
    """Faust tells of each of its parts' every start and stop; only what is amiss is for our log."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _unless_stopped(loop: asyncio.AbstractEventLoop, starting: Awaitable[faust.App]) -> faust.App:
    """The app when it is ready to run. A signal before then ends the process: there is nothing to finish yet."""
    task = asyncio.ensure_future(starting, loop=loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError:
        raise SystemExit(0) from None


async def _start(settings: Settings, folder: Path, flows: Sequence[Flow], *, with_web: bool) -> faust.App:
    await wait_for_topics(settings, [settings.topic_prefix + flow.topic for flow in flows])
    async with AsyncExitStack() as opened:
        parts = await Parts.open(settings, opened)
        app = create_app(settings, flows, parts.processor_of, parts.metrics, folder)
        if with_web:
            port = await opened.enter_async_context(
                serve_health(settings.worker_health_port, parts.metrics.registry, parts.readiness_of(app))
            )
            log.info("health and metrics", port=port)
        _add_tasks(app, parts)
        await opened.enter_async_context(_watching_group(app))
        await app.add_async_context(opened.pop_all())
    return app


@dataclass(frozen=True, slots=True)
class Parts:
    """What the agents and their watchers work with."""

    settings: Settings
    pool: Pool
    redis: aioredis.Redis
    poke: Poke
    bell: Bell
    metrics: WorkerMetrics
    clock: Clock

    @classmethod
    async def open(cls, settings: Settings, opened: AsyncExitStack) -> Self:
        """Waits for the database as long as it takes; everything is closed with `opened`."""
        pool = await _open_pool(settings, len(ALL_FLOWS) * settings.worker_lanes + OTHER_CONNECTIONS)
        opened.callback(pool.terminate)
        redis = await opened.enter_async_context(connect_redis(str(settings.redis_url)))
        poke = await opened.enter_async_context(Poke(settings.database_dsn))
        bell = await opened.enter_async_context(Bell(redis, poke, settings.topic_prefix))
        return cls(settings, pool, redis, poke, bell, WorkerMetrics(), system_clock)

    def processor_of(self, flow: Flow) -> Processor:
        """What carries this flow's batches through."""
        return Processor(
            flow,
            self.pool,
            clock=self.clock,
            dead_letters_per_hour=self.settings.dead_letters_per_hour,
            on_changed=self.bell.ring,
            metrics=self.metrics.of_flow(flow.consumer),
        )

    def readiness_of(self, app: faust.App) -> Callable[[], Awaitable[list[str]]]:
        """Names what is missing for the worker to do its work."""

        async def missing() -> list[str]:
            absent = [] if assigned_partitions(app) else ["partitions"]
            try:
                await self.pool.fetchval("select 1", timeout=READY_SECONDS)
            except DATABASE_AWAY:
                absent.append("database")
            return absent

        return missing


async def _open_pool(settings: Settings, connections: int) -> Pool:
    while True:
        try:
            return await open_pool(
                settings.database_dsn,
                size=connections,
                name=f"laurel worker {name_of(settings)}",
                statement_timeout_seconds=settings.statement_timeout_seconds,
                by_index=True,
            )
        except DATABASE_AWAY as error:
            log.warning("waiting for the database", error=repr(error))
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)


def _add_tasks(app: faust.App, parts: Parts) -> None:
    settings, clock = parts.settings, parts.clock
    report = LagReport(parts.redis, parts.metrics, settings.topic_prefix, clock)
    _add_task(app, "lag", lambda: report_lag(app, report, settings.topic_prefix))
    house = House(
        consumers=[flow.consumer for flow in ALL_FLOWS],
        inbox_kept=timedelta(days=settings.worker_inbox_days),
        every_seconds=settings.worker_housekeeping_every_seconds,
        clock=clock,
    )
    _add_task(app, "housekeeping", lambda: keep_house(parts.pool, house))
    _add_task(app, "replays", lambda: keep_replaying(parts.pool))
    _add_task(app, "reconciler", lambda: keep_reconciling(parts.pool, settings, clock, parts.poke.poke))
    _add_task(app, "webhooks", lambda: keep_delivering(parts.pool, settings, parts.metrics, clock))
    _add_task(app, "timed work", lambda: keep_tending(parts.pool, settings, parts.bell.ring))


def _add_task(app: faust.App, name: str, work: Callable[[], Awaitable[Any]]) -> None:
    async def run() -> None:
        await _or_end(name, work())

    app.task(run)


async def _or_end(name: str, work: Awaitable[Any]) -> None:
    try:
        await work
    except Exception as error:
        end_process(EXIT_BUG, f"a bug ended the worker: {name}", error)


@asynccontextmanager
async def _watching_group(app: faust.App) -> AsyncIterator[None]:
    """Watches from the start: Faust begins its own tasks only when it has been given partitions."""
    task = asyncio.create_task(_or_end("coordinator", watch_group(app)), name="watch group")
    try:
        yield
    finally:
        task.cancel()
