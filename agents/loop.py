"""The loop of an agent: read what is there, have it done by the lanes, acknowledge it in order.

Invariants: an event is acknowledged only after its effect is committed, and never after one that is not done; an event
of a generation that is past is dropped without effect or acknowledgement (its new owner has it); nothing is raised out
of the loop while the worker goes on, since Faust would acknowledge what it had in hand.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import faust

from agents.lanes import Lane, spread
from agents.metrics import FlowMetrics
from agents.processing import Processor
from agents.records import Record

DRAIN_SECONDS = 5.0
LANE_EVENTS = 4000
"""As many as one poll brings: however few partitions those are of, the lanes behind them do not wait for a full one."""


class Drain:
    """Whether the worker is stopping, and how many batches are in hand."""

    def __init__(self) -> None:
        self.begun = False
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def begin(self) -> bool:
        """No batch is taken from now on. Waits for those in hand, DRAIN_SECONDS at most; whether they were done."""
        self.begun = True
        try:
            await asyncio.wait_for(self._idle.wait(), DRAIN_SECONDS)
        except TimeoutError:
            return False
        return True

    def __enter__(self) -> None:
        self._in_hand += 1
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._in_hand -= 1
        if not self._in_hand:
            self._idle.set()


class AgentLoop:
    """The loop of one flow's agent."""

    def __init__(
        self,
        app: faust.App,
        processor: Processor,
        *,
        topic: str,
        batch_events: int,
        lanes: int,
        drain: Drain,
        metrics: FlowMetrics,
    ) -> None:
        self._app = app
        self._processor = processor
        self._topic = topic
        self._batch_events = batch_events
        self._lanes = [Lane(LANE_EVENTS) for _ in range(lanes)]
        self._drain = drain
        self._metrics = metrics

    async def run(self, stream: Any) -> None:
        """Goes on until the worker stops. Raises what should end the process."""
        await asyncio.gather(self._distribute(stream.channel.queue), *map(self._work, self._lanes))

    async def _distribute(self, queue: Any) -> None:
        try:
            while (events := await _next_batch(queue, self._batch_events)) and not self._drain.begun:
                await spread(events, self._lanes)
        finally:
            for lane in self._lanes:
                lane.end()

    async def _work(self, lane: Lane) -> None:
        while (events := await lane.take(self._batch_events)) and not self._drain.begun:
            current = [event for event in events if self._is_current(event)]
            self._metrics.stale.inc(len(events) - len(current))
            if current:
                with self._drain:
                    await self._processor.process([self._record_of(event) for event in current])
                    self._acknowledge(current)
            await asyncio.sleep(0)

    def _acknowledge(self, events: Sequence[Any]) -> None:
        for event in events:
            if self._is_owned(event):
                event.ack()

    def _is_current(self, event: Any) -> bool:
        return self._is_owned(event) and bool(self._app.flow_control.is_active())

    def _is_owned(self, event: Any) -> bool:
        return bool(event.message.generation_id == self._app.consumer_generation_id)

    def _record_of(self, event: Any) -> Record:
        message = event.message
        return Record(
            topic=self._topic,
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            value=message.value,
            headers=dict(message.headers or ()),
        )


async def _next_batch(queue: Any, most: int) -> list[Any]:
    """At least one event, and what else is there, `most` at the most. Empty when the worker is stopping."""
    try:
        batch = [await queue.get()]
    except StopAsyncIteration:
        return []
    while len(batch) < most and not queue.empty():
        batch.append(queue.get_nowait())
    return batch
