"""`laurel relay --accept-repartition`: an operator's word that all that was published is consumed."""

from __future__ import annotations

from typing import Any

import structlog

from cli.audit import Details, audit_within
from cli.outbox.telling import run, with_connection
from loyalty.services.auditing import Change
from outbox import RelaySettings
from outbox.repartitioning import Repartitioned, accept_partition_counts


def accept(settings: RelaySettings) -> None:
    """Go on with the topics' numbers of partitions as they are set now, and note who said so."""
    run("relay", with_connection(settings.dsn, lambda conn: _accept(conn, settings)))


async def _accept(connection: Any, settings: RelaySettings) -> None:
    async with connection.transaction():
        changed = await accept_partition_counts(connection, settings.topics)
        for topic in changed:
            await audit_within(connection, _change(topic))
    if not changed:
        structlog.get_logger("outbox").info("--accept-repartition was not needed: no topic was repartitioned")


def _change(topic: Repartitioned) -> Change:
    before, after = Details(partitions=topic.before), Details(partitions=topic.now)
    return Change("outbox.repartition_accepted", "topic", topic.topic, before, after)
