"""After a restore: a checkpoint for this history of the database.

A restored database has rows and a checkpoint that speak of another server's transactions, and its ids go back to
before ones that are in Kafka already. What was published is told by the topics alone, so they are read from the time of
the oldest row in doubt. What is not there is appended anew; ids go on beyond all that was published.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from confluent_kafka import KafkaException

from outbox.checkpoint import encode_ends
from outbox.errors import RelayStopped
from outbox.kafka import KafkaAwayError
from outbox.leadership import connect
from outbox.reconciliation import Published, look_since
from outbox.settings import RelaySettings
from outbox.statements import load

CLOCK_MARGIN = timedelta(minutes=1)

_SQL = load("rebase") | load("checkpoint")


class RelayLeadsError(RelayStopped):
    """A relay leads: stop all of them first."""


@dataclass(frozen=True, slots=True)
class Rebased:
    """Rows in doubt, how many of them were found in the topics, and how many were appended anew."""

    doubtful_rows: int
    published_rows: int
    appended_rows: int


Note = Callable[[asyncpg.Connection, "Rebased"], Awaitable[None]]


async def _note_nothing(conn: asyncpg.Connection, done: Rebased) -> None:
    """Where nobody keeps an audit log."""


async def rebase(settings: RelaySettings, *, dry_run: bool = False, note: Note = _note_nothing) -> Rebased:
    """Give the outbox a checkpoint of this history. Writers wait meanwhile; a dry run undoes all but used-up ids.

    `note` may store what was done in the same transaction; a dry run does not call it.

    Raises RelayLeadsError, KafkaAwayError, MissingTopicError, RepartitionedError, or outbox.database.DATABASE_ERRORS.
    """
    conn = await connect(settings)
    try:
        if not await conn.fetchval(_SQL["try_lead"]):
            raise RelayLeadsError
        await conn.execute(_SQL["insert_checkpoint"])
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("set local idle_in_transaction_session_timeout = 0; set local synchronous_commit = on")
        done = await _rebase(conn, settings)
        if not dry_run:
            await note(conn, done)
        await (transaction.rollback() if dry_run else transaction.commit())
        return done
    finally:
        await conn.close(timeout=5)


async def _rebase(conn: asyncpg.Connection, settings: RelaySettings) -> Rebased:
    await conn.execute(_SQL["lock_writers"])
    snapshot = await conn.fetchval(_SQL["read_snapshot"])
    doubtful = await conn.fetch(_SQL["read_doubtful"])
    published = await _published(settings, min((row["created_at"] for row in doubtful), default=None))
    missing = [row["id"] for row in doubtful if published.events.get(row["id"]) != row["event_id"]]
    await conn.fetchval(_SQL["raise_next_id"], max(published.events, default=1))
    await conn.execute(_SQL["append_again"], missing)
    await conn.execute(_SQL["delete_replaced"], missing)
    await conn.execute(_SQL["settle_past"], snapshot)
    await conn.execute(_SQL["rebase_checkpoint"], snapshot, encode_ends(published.ends))
    return Rebased(len(doubtful), len(doubtful) - len(missing), len(missing))


async def _published(settings: RelaySettings, since: datetime | None) -> Published:
    start = None if since is None else since - CLOCK_MARGIN
    try:
        return await asyncio.to_thread(look_since, settings.kafka, settings.topics, start)
    except KafkaException as error:
        raise KafkaAwayError(error.args[0].str()) from error
