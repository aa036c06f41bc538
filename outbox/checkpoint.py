"""The checkpoint: up to where the log is published for certain, kept in PostgreSQL by the leader's session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg

from outbox.errors import ForeignHistoryError
from outbox.log import OpenCut, Position, Snapshot
from outbox.statements import load

TopicPartition = tuple[str, int]
Ends = dict[TopicPartition, int]

_SQL = load("checkpoint")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The position, the end offset of each partition there, and how many rows were ever published."""

    position: Position
    ends: Ends = field(default_factory=dict)
    published_rows: int = 0


async def read_checkpoint(conn: asyncpg.Connection) -> Checkpoint:
    """The checkpoint, made now if there was none. Raises ForeignHistoryError."""
    await conn.execute(_SQL["insert_checkpoint"])
    row = await conn.fetchrow(_SQL["read_checkpoint"])
    if not row["is_ours"]:
        raise ForeignHistoryError(since=row["since"])
    return Checkpoint(_position(row), decode_ends(row["ends"]), row["published_rows"])


async def begin_publishing(conn: asyncpg.Connection) -> bool:
    """Say that what the checkpoint knows is no longer all; whether it was until now."""
    return await conn.fetchval(_SQL["begin_publishing"]) is True


async def save_checkpoint(
    conn: asyncpg.Connection, checkpoint: Checkpoint, rows_per_second: float, *, complete: bool = False
) -> None:
    """Replace the checkpoint. `complete` says that nothing was sent that it does not know, nor will be."""
    position, cut = checkpoint.position, checkpoint.position.cut
    await conn.execute(
        _SQL["save_checkpoint"],
        position.since.text,
        cut and cut.until.text,
        cut and cut.last_id,
        cut and cut.low_id,
        cut and cut.high_id,
        encode_ends(checkpoint.ends),
        checkpoint.published_rows,
        rows_per_second,
        complete,
    )


def _position(row: asyncpg.Record) -> Position:
    since = Snapshot.parse(row["since"])
    if row["until"] is None:
        return Position(since)
    return Position(since, OpenCut(Snapshot.parse(row["until"]), row["last_id"], row["low_id"], row["high_id"]))


def encode_ends(ends: Mapping[TopicPartition, int]) -> str:
    """Ends as JSON: {topic: {partition: offset}}."""
    by_topic: dict[str, dict[str, int]] = {}
    for (topic, partition), offset in ends.items():
        by_topic.setdefault(topic, {})[str(partition)] = offset
    return json.dumps(by_topic)


def decode_ends(text: str) -> Ends:
    """The inverse of `encode_ends`."""
    by_topic: dict[str, dict[str, int]] = json.loads(text)
    return {(topic, int(partition)): end for topic, ends in by_topic.items() for partition, end in ends.items()}
