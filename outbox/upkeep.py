"""What the leader does beside publishing, on a connection of its own: partitions made ahead, old ones let go.

Nothing here depends on the leadership: two relays that did it at once would do no harm. It is the leader's so that it
is done once.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import asyncpg
import structlog

from outbox.database import DATABASE_ERRORS
from outbox.errors import OutboxError
from outbox.metrics import RelayMetrics
from outbox.partitions import BUSY, add_partitions
from outbox.retention import Retained, retain
from outbox.settings import RelaySettings

UPKEEP_SECONDS = 60.0
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 60.0

log = structlog.get_logger("outbox")


async def keep_up(settings: RelaySettings, metrics: RelayMetrics) -> None:
    """Look after the partitions once a minute, for ever. What goes wrong is tried again a minute later."""
    while True:
        with contextlib.suppress(*DATABASE_ERRORS):
            await _round(settings, metrics)
        await asyncio.sleep(UPKEEP_SECONDS)


async def _round(settings: RelaySettings, metrics: RelayMetrics) -> None:
    connection = await asyncpg.connect(
        settings.dsn,
        timeout=CONNECT_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        server_settings={"application_name": f"{settings.application_name} upkeep", "search_path": settings.schema},
    )
    try:
        await _add_partitions(connection, settings)
        if settings.retention_days > 0:
            keep = timedelta(days=settings.retention_days)
            _tell(await retain(connection, keep), metrics)
    except (OutboxError, *DATABASE_ERRORS) as error:
        metrics.errors.labels("upkeep").inc()
        log.warning("the partitions could not be looked after", error=str(error) or type(error).__name__)
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _add_partitions(connection: asyncpg.Connection, settings: RelaySettings) -> None:
    try:
        made = await add_partitions(connection, settings)
    except BUSY:
        log.info("partitions are made later: the table is busy")
        return
    if made:
        log.info("partitions made", partitions=made)


def _tell(done: Retained, metrics: RelayMetrics) -> None:
    metrics.emptied_partitions.inc(len(done.emptied))
    for partition in done.emptied:
        log.info(
            "old events forgotten",
            partition=partition.name,
            first_id=partition.first_id,
            last_id=partition.last_id,
            bytes=partition.bytes,
            newest_at=partition.newest_at.isoformat(),
        )
    if done.postponed:
        log.info("retention goes on later: a transaction is in the way", postponed=done.postponed)
