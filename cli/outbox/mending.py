"""`laurel outbox requeue`, `skip` and `rebase`: what an operator does when the relay cannot go on by itself."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import typer

from cli import relay_options as options
from cli.audit import Details, audit_within, operator, tell_audit
from cli.logs import configure_logs
from cli.outbox.telling import run, tell, with_connection
from loyalty.clock import system_clock
from loyalty.services.auditing import Change
from loyalty.services.resolving import resolve_parked_key
from loyalty.store.database import open_pool, transaction
from outbox import RelaySettings
from outbox.parking import ParkedKey, find_parked
from outbox.rebase import Rebased
from outbox.rebase import rebase as rebase_outbox
from schemas.admin.pipeline import ParkedKeyName

Decision = Literal["requeue", "skip"]


def requeue_key(
    database_url: options.DatabaseUrl,
    topic: options.Topic,
    key: options.Key,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
    log_format: options.Format = "json",
    log_level: options.Level = "info",
) -> None:
    """Have the relay try a parked key again: its refused event, then those behind it, in order."""
    configure_logs(log_format, log_level)
    _resolve("requeue", database_url, ParkedKeyName(topic=topic, key=key), dry_run, as_json)


def skip_event(
    database_url: options.DatabaseUrl,
    topic: options.Topic,
    key: options.Key,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
    log_format: options.Format = "json",
    log_level: options.Level = "info",
) -> None:
    """Have the relay leave out a parked key's refused event and publish those behind it. The event stays in the log."""
    configure_logs(log_format, log_level)
    _resolve("skip", database_url, ParkedKeyName(topic=topic, key=key), dry_run, as_json)


def _resolve(decision: Decision, database_url: str, name: ParkedKeyName, dry_run: bool, as_json: bool) -> None:
    async def find(connection: Any) -> ParkedKey | None:
        return await find_parked(connection, name.topic, name.key)

    parked = run(f"outbox {decision}", with_connection(database_url, find))
    if parked is None:
        typer.echo(f"laurel outbox {decision}: the key is not parked", err=True)
        raise typer.Exit(1)
    if not dry_run:
        run(f"outbox {decision}", _ask(database_url, name, decision))
    told = {**dataclasses.asdict(parked), "requested": decision, "dry_run": dry_run}
    said = {
        (
            "requeue",
            True,
        ): f"would try event {parked.outbox_id} again, then those behind it: {parked.waiting_rows} in all",
        ("skip", True): f"would leave out event {parked.outbox_id} and publish {parked.waiting_rows - 1} behind it",
    }.get(
        (decision, dry_run), f"asked to {decision} event {parked.outbox_id}; the relay does it within a second or two"
    )
    tell(told, lambda: said, as_json)


async def _ask(database_url: str, name: ParkedKeyName, decision: Decision) -> None:
    async with await open_pool(database_url, size=1, name="laurel outbox") as pool, transaction(pool) as conn:
        asked = await resolve_parked_key(conn, name, decision, operator(), system_clock)
    change = Change(f"parked_key.{decision}_requested", "parked_key", f"{name.topic}/{name.key}", None, asked)
    tell_audit(change, operator())


def rebase(
    database_url: options.DatabaseUrl,
    bootstrap: options.Bootstrap,
    kafka_settings: options.KafkaSettings = "{}",
    kafka_settings_file: options.KafkaSettingsFile = None,
    partitions: options.Partitions = 8,
    topic_prefix: options.TopicPrefix = "",
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
    log_format: options.Format = "json",
    log_level: options.Level = "info",
) -> None:
    """After the database was restored: find out from Kafka what was published, and go on from there.

    Stop all relays first. Events that are not in Kafka are appended anew; writers wait while it runs.
    """
    configure_logs(log_format, log_level)
    settings = RelaySettings(
        dsn=database_url,
        kafka=options.kafka_config(bootstrap, kafka_settings, kafka_settings_file),
        topics=options.event_topics(partitions, topic_prefix),
    )
    if not (dry_run or yes):
        planned = run("outbox rebase", rebase_outbox(settings, dry_run=True))
        typer.echo(_say_rebased(planned, "would be"), err=True)
        typer.confirm("Do it?", abort=True, err=True)
    done = run("outbox rebase", rebase_outbox(settings, dry_run=dry_run, note=_note_rebase))
    told = {**dataclasses.asdict(done), "dry_run": dry_run}
    tell(told, lambda: _say_rebased(done, "would be" if dry_run else "were"), as_json)


async def _note_rebase(connection: Any, done: Rebased) -> None:
    after = Details.model_validate(dataclasses.asdict(done))
    await audit_within(connection, Change("outbox.rebased", "outbox", "checkpoint", None, after))


def _say_rebased(done: Rebased, were: str) -> str:
    return (
        f"{done.doubtful_rows} events in doubt: {done.published_rows} are in Kafka, "
        f"{done.appended_rows} {were} appended anew"
    )
