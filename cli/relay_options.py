"""What the commands of the outbox take: a few variables of their own instead of all of Laurel's settings, since a
relay needs no signing key.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.logs import LogFormat, LogLevel
from outbox import Topics
from schemas.events import EVENTS

DatabaseUrl = Annotated[
    str, typer.Option(envvar="LAUREL_DATABASE_URL", help="PostgreSQL; not through a pooler: the session leads.")
]
Bootstrap = Annotated[str, typer.Option(envvar="LAUREL_KAFKA_BOOTSTRAP", help="host:port[,host:port]")]
KafkaSettings = Annotated[
    str,
    typer.Option(
        envvar="LAUREL_KAFKA_SETTINGS",
        help="Any librdkafka settings, as a JSON object. Secrets belong in the file: others see a command's arguments.",
    ),
]
KafkaSettingsFile = Annotated[
    Path | None,
    typer.Option(
        envvar="LAUREL_KAFKA_SETTINGS_FILE",
        help="A file with more of them, passwords too; what it says wins.",
        dir_okay=False,
    ),
]
Partitions = Annotated[
    int, typer.Option(envvar="LAUREL_KAFKA_PARTITIONS", min=1, max=1000, help="Partitions of each topic.")
]
TopicPrefix = Annotated[str, typer.Option(envvar="LAUREL_TOPIC_PREFIX", help="Put before every topic name.")]
RetentionDays = Annotated[
    float,
    typer.Option(
        envvar="LAUREL_OUTBOX_RETENTION_DAYS",
        min=0,
        max=36_500,
        help="How long published events are kept; 0: for ever.",
    ),
]
ParkedKeysPerHour = Annotated[
    int,
    typer.Option(envvar="LAUREL_PARKED_KEYS_PER_HOUR", min=0, max=1_000_000, help="More stop the relay."),
]
AcceptRepartition = Annotated[
    bool,
    typer.Option(
        "--accept-repartition",
        help="Go on although topics have another number of partitions than before. First let the consumers' lag come "
        "to zero with no relay running, or events of a key may be handled out of order. For one start only.",
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Only look whether all is there that it needs, and end.")]
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
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def event_topics(partitions: int, prefix: str) -> Topics:
    """Laurel's topics: one for each type of event."""
    return Topics.of(EVENTS, partitions, prefix)


def kafka_config(bootstrap: str, settings: str, file: Path | None) -> dict[str, Any]:
    """librdkafka's settings: those of the variable, over them those of the file, and the brokers."""
    given = _object(settings, "LAUREL_KAFKA_SETTINGS")
    return {**given, **(_object(_read(file), str(file)) if file else {}), "bootstrap.servers": bootstrap}


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError as error:
        raise typer.BadParameter(f"LAUREL_KAFKA_SETTINGS_FILE cannot be read: {error}") from error


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{name} is not a JSON object")
    return found
