"""`laurel topics`, `laurel relay` and `laurel outbox …`.

They take a few variables of their own instead of all of Laurel's settings: a relay needs no signing key.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from cli.logs import LogFormat, LogLevel, configure_logs
from outbox import OutboxError, OutboxStatus, RelaySettings, Topics, status
from outbox.database import connected
from outbox.parking import ParkedKey, list_parked, requeue, skip
from outbox.rebase import rebase as rebase_outbox
from outbox.relay import run_relay
from outbox.topics import ensure_topics
from schemas.events import EVENTS

GC_THRESHOLD = 50_000

T = TypeVar("T")

DatabaseUrl = Annotated[
    str, typer.Option(envvar="LAUREL_DATABASE_URL", help="PostgreSQL; not through a pooler: the session leads.")
]
Bootstrap = Annotated[str, typer.Option(envvar="LAUREL_KAFKA_BOOTSTRAP", help="host:port[,host:port]")]
KafkaSettings = Annotated[
    str, typer.Option(envvar="LAUREL_KAFKA_SETTINGS", help="Any librdkafka settings, as a JSON object.")
]
Partitions = Annotated[
    int, typer.Option(envvar="LAUREL_KAFKA_PARTITIONS", min=1, max=1000, help="Partitions of each topic.")
]
TopicPrefix = Annotated[str, typer.Option(envvar="LAUREL_TOPIC_PREFIX", help="Put before every topic name.")]
MetricsPort = Annotated[
    int, typer.Option(envvar="LAUREL_RELAY_METRICS_PORT", min=0, max=65_535, help="/metrics and /health; 0: any free.")
]
MetricsHost = Annotated[str, typer.Option(envvar="LAUREL_RELAY_METRICS_HOST", help="Where they listen.")]
LeadershipSeconds = Annotated[
    float,
    typer.Option(envvar="LAUREL_RELAY_LEADERSHIP_SECONDS", min=1, max=300, help="Silence that ends a leadership."),
]
PageRows = Annotated[
    int, typer.Option(envvar="LAUREL_RELAY_PAGE_ROWS", min=1, max=100_000, help="Events read and sent at a time.")
]
Format = Annotated[LogFormat, typer.Option("--log-format", envvar="LAUREL_LOG_FORMAT")]
Level = Annotated[LogLevel, typer.Option("--log-level", envvar="LAUREL_LOG_LEVEL")]
Topic = Annotated[str, typer.Argument(help="The event's type, without a prefix.")]
Key = Annotated[str, typer.Argument(help="The parked key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

outbox = typer.Typer(no_args_is_help=True, help="Inspect and mend the outbox.")


@outbox.callback()
def _outbox() -> None:
    """Inspect and mend the outbox."""


def topics(
    bootstrap: Bootstrap,
    kafka_settings: KafkaSettings = "{}",
    partitions: Partitions = 8,
    topic_prefix: TopicPrefix = "",
    as_json: AsJson = False,
) -> None:
    """Create the Kafka topics that are missing. Safe to run again, and by many at once."""
    wanted = Topics.of(EVENTS, partitions, topic_prefix)
    try:
        created = ensure_topics(_kafka(bootstrap, kafka_settings), wanted)
    except OutboxError as error:
        raise _failed("topics", error) from error
    existing = len(wanted.partitions) - len(created)
    said = "\n".join([*(f"created {name}" for name in created), f"{existing} topics were there already"])
    typer.echo(json.dumps({"created": created, "already": existing}) if as_json else said)


def relay(
    database_url: DatabaseUrl,
    bootstrap: Bootstrap,
    kafka_settings: KafkaSettings = "{}",
    partitions: Partitions = 8,
    topic_prefix: TopicPrefix = "",
    metrics_port: MetricsPort = 8104,
    metrics_host: MetricsHost = "127.0.0.1",
    leadership_seconds: LeadershipSeconds = 6.0,
    page_rows: PageRows = 2_000,
    log_format: Format = "json",
    log_level: Level = "info",
) -> None:
    """Publish the outbox to Kafka. Start as many as you like: one leads, the others stand by."""
    configure_logs(log_format, log_level)
    settings = RelaySettings(
        dsn=database_url,
        kafka=_kafka(bootstrap, kafka_settings),
        topics=Topics.of(EVENTS, partitions, topic_prefix),
        leadership_seconds=leadership_seconds,
        page_rows=page_rows,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
    )
    try:
        asyncio.run(_relay(settings))
    except OutboxError as error:
        raise _failed("relay", error) from error


@outbox.command("status")
def show_status(database_url: DatabaseUrl, as_json: AsJson = False) -> None:
    """Say what waits, how long already, who leads, and what is parked."""
    try:
        found = asyncio.run(_with_connection(database_url, status))
    except OutboxError as error:
        raise _failed("outbox status", error) from error
    typer.echo(json.dumps(dataclasses.asdict(found), default=_as_text) if as_json else _say(found))


@outbox.command("parked")
def show_parked(database_url: DatabaseUrl, as_json: AsJson = False) -> None:
    """List the keys that wait because Kafka refused an event of theirs, oldest first."""
    try:
        keys = asyncio.run(_with_connection(database_url, list_parked))
    except OutboxError as error:
        raise _failed("outbox parked", error) from error
    told = [dataclasses.asdict(key) for key in keys]
    typer.echo(json.dumps(told, default=_as_text) if as_json else "\n".join(map(_say_parked, keys)) or "none")


@outbox.command("requeue")
def requeue_key(database_url: DatabaseUrl, topic: Topic, key: Key, as_json: AsJson = False) -> None:
    """Have the relay try a parked key again: its refused event, then those behind it, in order."""
    _ask("requeue", database_url, lambda conn: requeue(conn, topic, key), as_json)


@outbox.command("skip")
def skip_event(database_url: DatabaseUrl, topic: Topic, key: Key, as_json: AsJson = False) -> None:
    """Have the relay leave out a parked key's refused event and publish those behind it. The event stays in the log."""
    _ask("skip", database_url, lambda conn: skip(conn, topic, key), as_json)


@outbox.command()
def rebase(
    database_url: DatabaseUrl,
    bootstrap: Bootstrap,
    kafka_settings: KafkaSettings = "{}",
    partitions: Partitions = 8,
    topic_prefix: TopicPrefix = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """After the database was restored: find out from Kafka what was published, and go on from there.

    Stop all relays first. Events that are not in Kafka are appended anew; writers wait while it runs.
    """
    topics_ = Topics.of(EVENTS, partitions, topic_prefix)
    settings = RelaySettings(dsn=database_url, kafka=_kafka(bootstrap, kafka_settings), topics=topics_)
    try:
        done = asyncio.run(rebase_outbox(settings, dry_run=dry_run))
    except OutboxError as error:
        raise _failed("outbox rebase", error) from error
    said = (
        f"{done.doubtful_rows} events in doubt: {done.published_rows} are in Kafka, "
        f"{done.appended_rows} {'would be' if dry_run else 'were'} appended anew"
    )
    typer.echo(json.dumps(dataclasses.asdict(done)) if as_json else said)


async def _relay(settings: RelaySettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Rows and headers make no cycles: looking for some in thousands of them costs a tenth of the speed.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 50, 100)
    await run_relay(settings, stop)


async def _with_connection(database_url: str, read: Callable[[Any], Awaitable[T]]) -> T:
    async with connected(database_url) as connection:
        return await read(connection)


def _ask(what: str, database_url: str, ask: Callable[[Any], Awaitable[int | None]], as_json: bool) -> None:
    try:
        outbox_id = asyncio.run(_with_connection(database_url, ask))
    except OutboxError as error:
        raise _failed(f"outbox {what}", error) from error
    if outbox_id is None:
        typer.echo(f"laurel outbox {what}: the key is not parked", err=True)
        raise typer.Exit(1)
    said = f"asked to {what} event {outbox_id}; the relay does it within a second or two"
    typer.echo(json.dumps({"requested": what, "outbox_id": outbox_id}) if as_json else said)


def _kafka(bootstrap: str, settings: str) -> dict[str, Any]:
    try:
        given = json.loads(settings)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise typer.BadParameter("LAUREL_KAFKA_SETTINGS is not a JSON object")
    return {**given, "bootstrap.servers": bootstrap}


def _failed(command: str, error: Exception) -> typer.Exit:
    typer.echo(f"laurel {command}: {error or type(error).__name__}", err=True)
    return typer.Exit(1)


def _as_text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat().replace("+00:00", "Z")


def _say(found: OutboxStatus) -> str:
    leader = found.leader
    age = found.oldest_unpublished_age_seconds
    lines = {
        "waiting": f"{found.backlog_rows} events" + (f", the oldest for {age:.1f} s" if age is not None else ""),
        "published": f"{found.published_rows} events, last at {found.rows_per_second:.0f} a second",
        "leader": f"{leader.application} (pid {leader.pid}) since {_as_text(leader.since)}" if leader else "none",
        "checkpoint": _as_text(found.checkpoint_at) if found.checkpoint_at else "none",
        "parked": f"{found.parked_keys} keys, {found.parked_rows} events",
    }
    return "\n".join(f"{name:<11} {value}" for name, value in lines.items())


def _say_parked(key: ParkedKey) -> str:
    asked = f", {key.requested} asked for" if key.requested else ""
    return f"{key.topic} {key.key}: {key.waiting_rows} events from {key.outbox_id} on, {key.error}{asked}"
