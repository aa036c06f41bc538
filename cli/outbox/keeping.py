"""`laurel outbox retention` and `replay`: what becomes of events that were published."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli import relay_options as options
from cli.audit import Details, audit, audit_within, operator
from cli.logs import configure_logs
from cli.outbox.looking import OnlyKey, OnlyTopic
from cli.outbox.telling import bytes_text, run, tell, time_text, with_connection
from loyalty.services.auditing import Change
from outbox import RelaySettings
from outbox.replay import Bound, Replayed, Wanted
from outbox.replay import replay as replay_outbox
from outbox.retention import Forgettable, Retained, list_forgettable, retain

Begin = Annotated[
    str | None, typer.Option("--from", help="The first: an outbox id, or a time (2026-11-22T15:00Z) of writing.")
]
End = Annotated[str | None, typer.Option("--to", help="An id or time that comes after the last.")]
Everything = Annotated[bool, typer.Option("--all", help="All events that the log still has.")]
Rate = Annotated[int, typer.Option("--rate", min=0, max=1_000_000, help="At most so many a second; 0: no limit.")]


def retention(
    database_url: options.DatabaseUrl,
    retention_days: options.RetentionDays = 30.0,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
    log_format: options.Format = "json",
    log_level: options.Level = "info",
) -> None:
    """Forget published events that are older than the retention, now: the leading relay does it every minute."""
    configure_logs(log_format, log_level)
    if retention_days == 0:
        raise typer.BadParameter("0 days keep events for ever: there is nothing to forget")
    keep = timedelta(days=retention_days)
    if dry_run:
        planned = run("outbox retention", with_connection(database_url, lambda conn: list_forgettable(conn, keep)))
        tell({"dry_run": True, "emptied": planned}, lambda: _say_forgotten(planned, "would be"), as_json)
        return
    done = run("outbox retention", with_connection(database_url, lambda conn: _retain(conn, keep)))
    tell({"dry_run": False, **_shallow(done)}, lambda: _say_retained(done), as_json)


async def _retain(connection: Any, keep: timedelta) -> Retained:
    done = await retain(connection, keep)
    if done.emptied or done.dropped_partitions or done.next_id:
        before = Details.model_validate({"partitions": [_plain(partition) for partition in done.emptied]})
        after = Details(
            kept_days=keep / timedelta(days=1), dropped_partitions=done.dropped_partitions, next_id=done.next_id
        )
        async with connection.transaction():
            await audit_within(connection, Change("outbox.events_forgotten", "outbox", "retention", before, after))
    return done


def replay(
    database_url: options.DatabaseUrl,
    bootstrap: options.Bootstrap,
    topic: OnlyTopic = None,
    key: OnlyKey = None,
    begin: Begin = None,
    end: End = None,
    everything: Everything = False,
    rate: Rate = 5_000,
    kafka_settings: options.KafkaSettings = "{}",
    kafka_settings_file: options.KafkaSettingsFile = None,
    partitions: options.Partitions = 8,
    topic_prefix: options.TopicPrefix = "",
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
    log_format: options.Format = "json",
    log_level: options.Level = "info",
) -> None:
    """Publish stored events again, in order for each key, marked by the header ce_replayid.

    The relay goes on meanwhile. Consumers that have an inbox drop what they have seen.
    """
    configure_logs(log_format, log_level)
    wanted = Wanted(topic, key, _bound(begin, "--from"), _bound(end, "--to"))
    if wanted == Wanted() and not everything:
        raise typer.BadParameter("say which events: --topic, --key, --from, --to, or --all")
    settings = RelaySettings(
        dsn=database_url,
        kafka=options.kafka_config(bootstrap, kafka_settings, kafka_settings_file),
        topics=options.event_topics(partitions, topic_prefix),
    )
    work = _count(settings, wanted) if dry_run else _replay(settings, wanted, rate or None, quiet=as_json)
    done = run("outbox replay", work)
    said = f"{done.rows} events, {bytes_text(done.payload_bytes)}, "
    said += "would be published again" if dry_run else f"were published again as replay {done.replay_id}"
    if done.unpublished_rows:
        said += f"; {done.unpublished_rows} more wait for their first delivery, which is the relay's, or are parked"
    tell({"dry_run": dry_run, **dataclasses.asdict(done)}, lambda: said, as_json)


async def _count(settings: RelaySettings, wanted: Wanted) -> Replayed:
    return await replay_outbox(settings, wanted, asked_by=operator().id, dry_run=True)


async def _replay(settings: RelaySettings, wanted: Wanted, rate: int | None, *, quiet: bool) -> Replayed:
    subject = wanted.as_json()
    await audit(settings.dsn, Change("outbox.replay_started", "outbox", "replay", None, Details(wanted=subject)))
    reached: list[Replayed] = []
    try:
        with _progress(quiet) as progress:
            task = progress.add_task("0 events", total=None)

            def show(now: Replayed) -> None:
                reached[:] = [now]
                progress.update(task, total=now.end_id, completed=now.last_id, description=f"{now.rows} events")

            return await replay_outbox(settings, wanted, asked_by=operator().id, rows_per_second=rate, tell=show)
    except BaseException:
        _say_reached(reached)
        raise
    finally:
        done = Details(wanted=subject, **(_plain(reached[0]) if reached else {"rows": 0}))
        await asyncio.shield(audit(settings.dsn, Change("outbox.replay_ended", "outbox", "replay", None, done)))


def _say_reached(reached: list[Replayed]) -> None:
    if reached:
        now = reached[0]
        typer.echo(f"{now.rows} events were published again; go on with --from {now.last_id + 1}", err=True)


def _progress(quiet: bool) -> Progress:
    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True)


def _bound(text: str | None, name: str) -> Bound | None:
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{name} is neither an id nor a time such as 2026-11-22T15:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(of: Any) -> dict[str, Any]:
    """The fields of a dataclass as an audit line takes them."""
    return {name: value if isinstance(value, int) else str(value) for name, value in dataclasses.asdict(of).items()}


def _shallow(of: Any) -> dict[str, Any]:
    return {field.name: getattr(of, field.name) for field in dataclasses.fields(of)}


def _say_retained(done: Retained) -> str:
    lines = [_say_forgotten(done.emptied, "were")]
    lines += [f"{done.dropped_partitions} empty partitions were dropped"] if done.dropped_partitions else []
    lines += [f"events go on with id {done.next_id}, in the next partition"] if done.next_id else []
    lines += [f"{step}: later, a transaction is in the way" for step in done.postponed]
    return "\n".join(lines)


def _say_forgotten(emptied: Any, were: str) -> str:
    return (
        "\n".join(f"{_say_partition(partition)} {were} forgotten" for partition in emptied) or "nothing is old enough"
    )


def _say_partition(partition: Forgettable) -> str:
    ids = f"events {partition.first_id} to {partition.last_id}"
    return f"{partition.name}: {ids}, {bytes_text(partition.bytes)}, the newest of {time_text(partition.newest_at)},"
