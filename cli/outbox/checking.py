"""`laurel outbox check`."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from cli import relay_options as options
from cli.outbox.telling import run, to_json
from outbox import RelaySettings
from outbox.checks import run_checks
from outbox.findings import Finding

COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


def check(
    database_url: options.DatabaseUrl,
    bootstrap: options.Bootstrap,
    kafka_settings: options.KafkaSettings = "{}",
    kafka_settings_file: options.KafkaSettingsFile = None,
    partitions: options.Partitions = 8,
    topic_prefix: options.TopicPrefix = "",
    as_json: options.AsJson = False,
) -> None:
    """Look whether all is there that a relay needs, and say what to do about what is not. Exits with 1 if it is not."""
    settings = RelaySettings(
        dsn=database_url,
        kafka=options.kafka_config(bootstrap, kafka_settings, kafka_settings_file),
        topics=options.event_topics(partitions, topic_prefix),
    )
    report("outbox check", settings, as_json=as_json)


def report(command: str, settings: RelaySettings, *, as_json: bool = False) -> None:
    """Print what the checks find. Raises typer.Exit(1) when something is missing."""
    findings = run(command, run_checks(settings))
    well = all(finding.outcome != "failed" for finding in findings)
    if as_json:
        typer.echo(to_json({"ok": well, "findings": findings}))
    else:
        Console().print(_table(findings))
    if not well:
        raise typer.Exit(1)


def _table(findings: list[Finding]) -> Table:
    table = Table("", "what", "found", "what to do", box=None)
    for found in findings:
        mark = f"[{COLOURS[found.outcome]}]{found.outcome}"
        table.add_row(mark, found.name, found.detail, found.remedy or "")
    return table
