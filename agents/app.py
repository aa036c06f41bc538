"""The Faust app: its settings, its agents, its signals. Made by a function; importing this module does nothing.

Nothing is acknowledged that is not committed: an error that gets here ends the process (agents/ending.py), and a stop
waits for the batches in hand before the offsets are committed.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import faust
import structlog

from agents.brokers import broker_urls, credentials_of
from agents.ending import EXIT_BUG, EXIT_LOOP_ENDED, EXIT_TOO_MANY_DEAD_LETTERS, end_process
from agents.fast_consumer import use_fast_consumer
from agents.loop import AgentLoop, Drain
from agents.metrics import WorkerMetrics
from agents.processing import Flow, Processor
from loyalty.services.dead_letters import TooManyDeadLetters
from loyalty.settings import Settings

log = structlog.get_logger()

MakeProcessor = Callable[[Flow], Processor]


def create_app(
    settings: Settings, flows: Sequence[Flow], make_processor: MakeProcessor, metrics: WorkerMetrics, folder: Path
) -> faust.App:
    """The app with an agent for each flow, on the running event loop.

    `folder` is for what Faust writes to disk, which is nothing of value.
    """
    app = _bare_app(settings, folder)
    if not settings.worker_stock_consumer:
        use_fast_consumer(app)
    drain = Drain()
    for flow in flows:
        loop = AgentLoop(
            app,
            make_processor(flow),
            topic=flow.topic,
            batch_events=settings.worker_batch_events,
            lanes=settings.worker_lanes,
            drain=drain,
            metrics=metrics.of_flow(flow.consumer),
        )
        _add_agent(app, flow, settings.topic_prefix, loop, drain)
    _drain_before_shutdown(app, drain)
    return app


def group_of(settings: Settings) -> str:
    """The consumer group that all workers of one installation share."""
    return f"{settings.topic_prefix}laurel-worker"


def name_of(settings: Settings) -> str:
    """The worker's name in its group: one that is killed and started again takes its partitions back at once.

    Two workers of one name would take them from each other without end (agents/watching.py notices). A host's workers
    cannot share a health port, so host and port make a name; with any free port the process id does.
    """
    place = settings.worker_health_port or f"pid-{os.getpid()}"
    return settings.worker_id or f"{socket.gethostname()}-{place}"


def _bare_app(settings: Settings, folder: Path) -> faust.App:
    return faust.App(
        group_of(settings),
        loop=asyncio.get_running_loop(),
        broker=broker_urls(settings),
        broker_credentials=credentials_of(settings),
        store="memory://",
        datadir=folder,
        web_enabled=False,
        canonical_url=f"http://{name_of(settings)}:6066",
        consumer_group_instance_id=name_of(settings),
        topic_disable_leader=True,
        topic_partitions=settings.kafka_partitions,
        stream_wait_empty=False,
        stream_buffer_maxsize=8192,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=8 * 1024**2,
        broker_max_poll_records=4000,
        broker_commit_interval=1.0,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=10.0,
        broker_request_timeout=12.0,
    )


def _add_agent(app: faust.App, flow: Flow, topic_prefix: str, loop: AgentLoop, drain: Drain) -> None:
    topic = app.topic(
        topic_prefix + flow.topic,
        key_type=bytes,
        key_serializer="raw",
        value_type=bytes,
        value_serializer="raw",
    )

    async def run(stream: Any) -> None:
        try:
            await loop.run(stream)
        except TooManyDeadLetters as error:
            end_process(EXIT_TOO_MANY_DEAD_LETTERS, error.message, error)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            end_process(EXIT_BUG, "a bug ended the worker", error)
        if not app.should_stop and not drain.begun:
            end_process(EXIT_LOOP_ENDED, "the loop of an agent ended while the worker goes on")
        await asyncio.Event().wait()  # an agent that returned would be started again

    app.agent(topic, name=f"laurel.{flow.consumer}", concurrency=1)(run)


def _drain_before_shutdown(app: faust.App, drain: Drain) -> None:
    async def finish(sender: Any, **_: Any) -> None:
        done = await drain.begin()
        await app.consumer.commit()
        log.info("drained" if done else "stopped before a batch was done: it comes again")

    app.on_before_shutdown.connect(finish, weak=False)  # type: ignore[arg-type]  # mode types `sender` as positional
