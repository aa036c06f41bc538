"""`laurel topics` and `laurel relay`.

Of Laurel they import the names of its events alone: a relay is a small process.
"""

from __future__ import annotations

import json

import typer

from cli import relay_options as options
from cli.logs import configure_logs
from outbox import OutboxError, RelaySettings
from outbox.process import relay as run_relay
from outbox.topics import ensure_topics


def topics(
    bootstrap: options.Bootstrap,
    kafka_settings: options.KafkaSettings = "{}",
    kafka_settings_file: options.KafkaSettingsFile = None,
    partitions: options.Partitions = 8,
    topic_prefix: options.TopicPrefix = "",
    as_json: options.AsJson = False,
) -> None:
    """Create the Kafka topics that are missing. Safe to run again, and by many at once."""
    wanted = options.event_topics(partitions, topic_prefix)
    try:
        created = ensure_topics(options.kafka_config(bootstrap, kafka_settings, kafka_settings_file), wanted)
    except OutboxError as error:
        raise _failed("topics", error) from error
    existing = len(wanted.partitions) - len(created)
    said = "\n".join([*(f"created {name}" for name in created), f"{existing} topics were there already"])
    typer.echo(json.dumps({"created": created, "already": existing}) if as_json else said)


def relay(
    database_url: options.DatabaseUrl,
    bootstrap: options.Bootstrap,
    kafka_settings: options.KafkaSettings = "{}",
    kafka_settings_file: options.KafkaSettingsFile = None,
    partitions: options.Partitions = 8,
    topic_prefix: options.TopicPrefix = "",
    metrics_port: options.MetricsPort = 8104,
    metrics_host: options.MetricsHost = "127.0.0.1",
    leadership_seconds: options.LeadershipSeconds = 6.0,
    page_rows: options.PageRows = 2_000,
    retention_days: options.RetentionDays = 30.0,
    parked_keys_per_hour: options.ParkedKeysPerHour = 100,
    accept_repartition: options.AcceptRepartition = False,
    check: options.Check = False,
    log_format: options.Format = "json",
    log_level: options.Level = "info",
) -> None:
    """Publish the outbox to Kafka. Start as many as you like: one leads, the others stand by."""
    configure_logs(log_format, log_level)
    settings = RelaySettings(
        dsn=database_url,
        kafka=options.kafka_config(bootstrap, kafka_settings, kafka_settings_file),
        topics=options.event_topics(partitions, topic_prefix),
        leadership_seconds=leadership_seconds,
        page_rows=page_rows,
        retention_days=retention_days,
        parked_keys_per_hour=parked_keys_per_hour,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
    )
    if check:
        from cli.outbox.checking import report

        report("relay --check", settings)
        return
    if accept_repartition:
        from cli.outbox.accepting import accept

        accept(settings)
    try:
        run_relay(settings)
    except OutboxError as error:
        raise _failed("relay", error) from error


def _failed(command: str, error: OutboxError) -> typer.Exit:
    typer.echo(f"laurel {command}: {error}", err=True)
    return typer.Exit(1)
