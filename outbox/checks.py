"""Is everything there that a relay needs? Each finding says what it means and what to do.

The relay itself goes by what it meets; these checks look at all of it at once, before anything depends on it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import structlog
from confluent_kafka import KafkaException

from outbox.background import in_thread
from outbox.broker_checks import check_kafka
from outbox.database import DATABASE_ERRORS, DatabaseAwayError, connected
from outbox.findings import Finding, failed, fine, warning
from outbox.history import is_own_history
from outbox.repartitioning import list_repartitioned
from outbox.settings import RelaySettings
from outbox.statements import load

OLDEST_VERSION = 160_000
MOST_SKEW = timedelta(seconds=5)

_SQL = load("checks")

log = structlog.get_logger("outbox")


async def run_checks(settings: RelaySettings) -> list[Finding]:
    """All findings: of PostgreSQL, then of Kafka. What is away is a finding too."""
    database, kafka = await asyncio.gather(_check_database(settings), in_thread(check_kafka, settings))
    return [*database, *kafka]


async def log_findings(settings: RelaySettings) -> None:
    """Log what is not as it should be. What cannot be looked at is left to the relay to meet."""
    findings: list[Finding] = []
    with contextlib.suppress(KafkaException, *DATABASE_ERRORS):
        findings = await run_checks(settings)
    for finding in findings:
        match finding.outcome:
            case "failed":
                log.error(f"check failed: {finding.name}", detail=finding.detail, remedy=finding.remedy)
            case "warning":
                log.warning(f"check: {finding.name}", detail=finding.detail, remedy=finding.remedy)
            case "ok":
                pass


async def _check_database(settings: RelaySettings) -> list[Finding]:
    try:
        async with connected(settings.dsn, settings.schema) as conn:
            server = await conn.fetchrow(_SQL["read_server"])
            return [*_server(server), *await _tables(conn, settings, server)]
    except DatabaseAwayError as error:
        return [failed("PostgreSQL", str(error), "is LAUREL_DATABASE_URL right, and does the server run?")]


def _server(server: Any) -> Iterator[Finding]:
    if server["version"] < OLDEST_VERSION:
        yield failed("PostgreSQL", f"version {server['version'] // 10_000}", "16 or later is needed")
    elif server["follows"]:
        yield failed("PostgreSQL", "this server only follows another one", "connect to the primary")
    else:
        yield fine("PostgreSQL", f"version {server['version'] // 10_000}, a primary")
    skew = abs(server["now"] - datetime.now(UTC))
    if skew > MOST_SKEW:
        yield warning("clock", f"{skew.total_seconds():.0f} s from the database's", "synchronise the clocks (NTP)")
    if not server["tells_history"]:
        yield failed(
            "rights",
            "pg_control_system() may not be called",
            "grant execute on function pg_control_system() to the role",
        )


async def _tables(conn: asyncpg.Connection, settings: RelaySettings, server: Any) -> list[Finding]:
    if missing := [row["name"] for row in await conn.fetch(_SQL["read_missing_tables"])]:
        return [failed("tables", f"missing: {', '.join(missing)}", "`laurel migrate`, or `python -m outbox schema`")]
    if lacking := [f"{row['privilege']} on {row['name']}" for row in await conn.fetch(_SQL["read_missing_rights"])]:
        return [failed("rights", f"missing: {', '.join(lacking)}", "grant them to the relay's role")]
    found = [fine("tables", "there, with all rights"), _room(await conn.fetchrow(_SQL["read_room"]))]
    if server["tells_history"] and not await is_own_history(conn):
        found.append(failed("checkpoint", "of another history of the database", "`laurel outbox rebase`"))
    found += [
        failed(
            "partitions",
            f"{topic.topic} had {topic.before} partitions and is to have {topic.now}: the order of a key would break",
            "stop the relay, wait until the consumers have no lag, then `laurel relay --accept-repartition` once",
        )
        for topic in await list_repartitioned(conn, settings.topics)
    ]
    return found


def _room(room: Any) -> Finding:
    if room["default_used"]:
        remedy = "a relay that leads makes partitions every minute; the default one is emptied by retention"
        return warning("partitions of the log", "events lie in the default one", remedy)
    return fine("partitions of the log", f"{room['ahead']} ahead")
