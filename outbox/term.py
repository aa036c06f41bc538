"""A leader's term: what its pipelines share, and what they have reached."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from outbox.checkpoint import Checkpoint, Ends, save_checkpoint
from outbox.leadership import LeaderSession, StoppedWaiting
from outbox.log import Position
from outbox.metrics import RelayMetrics
from outbox.parking import ParkingLot
from outbox.readiness import Readiness
from outbox.settings import RelaySettings

T = TypeVar("T")


@dataclass(slots=True)
class Pace:
    """When the checkpoint was saved, how fast it went before, and what was published since."""

    saved_rate: float = 0.0
    saved_at: float = field(default_factory=time.monotonic)
    rows: int = 0
    moved: bool = False

    def rows_per_second(self) -> float:
        return self.rows / max(time.monotonic() - self.saved_at, 0.001)


@dataclass(slots=True)
class Term:
    """The leader's session, its place in the log, and the keys that are parked."""

    settings: RelaySettings
    session: LeaderSession
    metrics: RelayMetrics
    wake: asyncio.Event
    stop: asyncio.Event
    checkpoint: Checkpoint
    lot: ParkingLot
    readiness: Readiness
    suspect_rows: int = 0
    """So many rows are to be published one by one, since one of them was refused."""
    _pace: Pace = field(default_factory=Pace)

    async def attend(self, work: Awaitable[T]) -> T:
        """Await something slow without losing the leadership over it. Raises StoppedWaiting at `stop`."""
        task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(self.stop.wait())
        try:
            while not task.done():
                if stopped.done():
                    raise StoppedWaiting
                seconds = self.settings.leadership_seconds / 6
                await asyncio.wait({task, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                await self.session.beat()
                self.metrics.turned()
        finally:
            task.cancel()
            stopped.cancel()
        return task.result()

    def advance(self, position: Position, ends: Ends, rows: int) -> None:
        """Everything up to `position` is in the topics, the last `rows` of it just now, or parked."""
        before = self.checkpoint
        if rows == 0 and position == before.position:
            return
        self.checkpoint = Checkpoint(position, {**before.ends, **ends}, before.published_rows + rows)
        self._pace.rows += rows
        self._pace.moved = True
        self.metrics.published_rows.inc(rows)

    def save_is_due(self) -> bool:
        """Whether enough has happened, or enough time passed, since the checkpoint was saved."""
        pace, settings = self._pace, self.settings
        late = time.monotonic() - pace.saved_at > settings.checkpoint_seconds
        return (late and (pace.moved or pace.saved_rate > 0)) or pace.rows >= settings.checkpoint_rows

    async def save(self, *, complete: bool = False) -> None:
        """Save the checkpoint, in its turn after what the session is doing; whether nothing else is on its way."""
        checkpoint, rate = self.checkpoint, self._pace.rows_per_second()
        self._pace = Pace(rate)
        async with self.session.turn() as conn:
            await save_checkpoint(conn, checkpoint, rate, complete=complete)
