"""Numbers of partitions are remembered: with another number, the events of a key go to another partition.

A consumer reads partitions side by side, so it could handle a later event of a key before an earlier one. The relay
therefore refuses to go on with another number than it began with, until an operator has accepted it. It is safe to
accept when all that was published is consumed: the relay is the only one that publishes, so stop it, let the
consumers' lag come to zero, change the topics, and start it with the acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from outbox.errors import RepartitionedError
from outbox.events import Topics
from outbox.statements import load

_SQL = load("topics")


@dataclass(frozen=True, slots=True)
class Repartitioned:
    """A topic that has another number of partitions than before."""

    topic: str
    before: int
    now: int


async def list_repartitioned(conn: asyncpg.Connection, topics: Topics) -> list[Repartitioned]:
    """The topics that were published to with another number of partitions than they are to have now."""
    counts = _counts(topics)
    rows = await conn.fetch(_SQL["read_topics"], list(counts))
    recorded = {row["topic"]: row["partitions"] for row in rows}
    return [
        Repartitioned(name, recorded[name], count)
        for name, count in counts.items()
        if recorded.get(name, count) != count
    ]


async def hold_partition_counts(conn: asyncpg.Connection, topics: Topics) -> None:
    """Remember the topics' numbers of partitions. Raises RepartitionedError if one was another before."""
    if changed := await list_repartitioned(conn, topics):
        said = ", ".join(f"{topic.topic} had {topic.before} partitions and has {topic.now} now" for topic in changed)
        raise RepartitionedError(
            f"{said}: later events of a key would go to another partition, and might be handled before earlier ones. "
            "Leave the relay stopped until the consumers have no lag, then start it once with --accept-repartition"
        )
    counts = _counts(topics)
    await conn.execute(_SQL["record_topics"], list(counts), list(counts.values()))


async def accept_partition_counts(conn: asyncpg.Connection, topics: Topics) -> list[Repartitioned]:
    """Go on with the numbers of partitions that the topics are to have now; what that changed."""
    changed, counts = await list_repartitioned(conn, topics), _counts(topics)
    await conn.execute(_SQL["accept_topics"], list(counts), list(counts.values()))
    return changed


def _counts(topics: Topics) -> Mapping[str, int]:
    return {topics.kafka_names[name]: count for name, count in topics.partitions.items()}
