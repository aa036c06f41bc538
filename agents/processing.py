"""Batches of records are handled until they are done: nothing is given up, nothing is acknowledged early.

`process` returns only when every record of the batch is committed, or set aside as a dead letter in a transaction of
its own. The database being away is waited out for ever; a batch that was too slow several times is tried in halves.
Any other failure splits the batch in halves too, down to the record that is to blame. It raises only to end the
process: too many dead letters, or a bug in what is here.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never
from uuid import UUID

import structlog

from agents.metrics import FlowMetrics
from agents.outcomes import Ack, Outcome, Park, Retry
from agents.records import Record, Undecodable, id_by_place
from loyalty.clock import Clock
from loyalty.errors import LaurelError
from loyalty.services import dead_letters
from loyalty.services.dead_letters import ERROR_CHARACTERS, TooManyDeadLetters
from loyalty.services.incoming import NOTHING_HANDLED, Handled
from loyalty.store.database import DATABASE_AWAY, TOO_SLOW, Connection, Pool, is_database_away, transaction
from loyalty.store.dead_letters import NewDeadLetter

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 3.0
ATTEMPTS_AT_ONE_RECORD = 3
ATTEMPTS_AT_ALL_AT_ONCE = 3

log = structlog.get_logger()


class Effect(Protocol):
    """What a flow does with records, in the caller's transaction."""

    async def __call__(self, conn: Connection, records: Sequence[Record]) -> Handled: ...


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow of events: where they come from, what identifies one and what is done with them."""

    consumer: str
    topic: str
    effect: Effect
    event_id_of: Callable[[Record], UUID]
    """Raises Undecodable."""


class Processor:
    """Carries one flow's batches through to the end."""

    def __init__(
        self,
        flow: Flow,
        pool: Pool,
        *,
        clock: Clock,
        dead_letters_per_hour: int,
        on_changed: Callable[[frozenset[UUID]], None],
        metrics: FlowMetrics,
    ) -> None:
        self._flow = flow
        self._pool = pool
        self._clock = clock
        self._dead_letters_per_hour = dead_letters_per_hour
        self._on_changed = on_changed
        self._metrics = metrics

    async def process(self, records: Sequence[Record]) -> None:
        """Returns when all of them are done. Raises TooManyDeadLetters."""
        pauses = _growing_pauses()
        attempts = 0
        while True:
            attempts += 1
            match await self._attempt(records):
                case Ack(handled):
                    return self._done(records, handled)
                case Retry(error) if (
                    isinstance(error, TOO_SLOW) and attempts >= ATTEMPTS_AT_ALL_AT_ONCE and len(records) > 1
                ):
                    return await self._process_halves(records)
                case Retry(error):
                    await self._pause(next(pauses), error, len(records))
                case Park() if len(records) > 1:
                    return await self._process_halves(records)
                case Park(error, final):
                    if final or attempts >= ATTEMPTS_AT_ONE_RECORD:
                        return await self._set_aside(records[0], error)
                    await self._pause(next(pauses), error, 1)
                case unexpected:
                    assert_never(unexpected)

    async def _process_halves(self, records: Sequence[Record]) -> None:
        middle = len(records) // 2
        await self.process(records[:middle])
        await self.process(records[middle:])

    async def _attempt(self, records: Sequence[Record]) -> Outcome:
        try:
            with self._metrics.batch_seconds.time():
                async with transaction(self._pool) as conn:
                    handled = await self._flow.effect(conn, records)
            return Ack(handled)
        except Exception as error:
            return _outcome_of(error)

    async def _set_aside(self, record: Record, error: Exception) -> None:
        letter = self._letter(record, error)
        pauses = _growing_pauses()
        while True:
            try:
                async with transaction(self._pool) as conn:
                    parked = await dead_letters.park(
                        conn, letter, self._clock, limit_per_hour=self._dead_letters_per_hour
                    )
            except DATABASE_AWAY as away:
                if not is_database_away(away):
                    raise
                await self._pause(next(pauses), away, 1)
            else:
                return self._say_set_aside(letter, parked)

    def _letter(self, record: Record, error: Exception) -> NewDeadLetter:
        try:
            event_id = self._flow.event_id_of(record)
        except Undecodable:
            event_id = id_by_place(record)
        return NewDeadLetter(
            consumer=self._flow.consumer,
            event_id=event_id,
            topic=record.topic,
            partition=record.partition,
            record_offset=record.offset,
            key=record.key,
            headers={_storable(name): _storable(value) for name, value in record.headers.items()},
            payload=record.value,
            error_kind=error.code if isinstance(error, LaurelError) else type(error).__name__,
            error=_storable(str(error) or repr(error))[:ERROR_CHARACTERS],
        )

    def _done(self, records: Sequence[Record], handled: Handled) -> None:
        self._metrics.batches.inc()
        self._metrics.events.inc(len(records))
        self._metrics.repeated.inc(len(records) - handled.fresh_events)
        if handled.changed_members:
            self._on_changed(handled.changed_members)

    def _say_set_aside(self, letter: NewDeadLetter, parked: bool) -> None:
        self._done([], NOTHING_HANDLED)
        if parked:
            self._metrics.dead_letters.inc()
            log.error(
                "event set aside",
                consumer=letter.consumer,
                event_id=str(letter.event_id),
                topic=letter.topic,
                partition=letter.partition,
                offset=letter.record_offset,
                error_kind=letter.error_kind,
                error=letter.error,
            )

    async def _pause(self, seconds: float, error: BaseException, events: int) -> None:
        self._metrics.retries.inc()
        log.warning(
            "trying again",
            consumer=self._flow.consumer,
            events=events,
            pause_seconds=round(seconds, 1),
            error=repr(error),
        )
        await asyncio.sleep(seconds)


def _outcome_of(error: Exception) -> Outcome:
    if is_database_away(error):
        return Retry(error)
    return Park(error, final=isinstance(error, Undecodable))


def _growing_pauses() -> Iterator[float]:
    seconds = FIRST_PAUSE_SECONDS
    while True:
        yield seconds * random.uniform(0.7, 1.3)
        seconds = min(seconds * 2, LONGEST_PAUSE_SECONDS)


def _storable(text: str | bytes) -> str:
    """Text that PostgreSQL can store: anything but NUL."""
    decoded = text.decode(errors="backslashreplace") if isinstance(text, bytes) else text
    return decoded.replace("\0", "\\0").encode(errors="backslashreplace").decode()


__all__ = ["Effect", "Flow", "Processor", "TooManyDeadLetters"]
