"""Two producers, one for each of two wishes that librdkafka cannot grant together: soon, and many at a time.

The prompt one sends a record at once; the bulk one waits a moment for more and compresses them, which halves what a
record costs Kafka. Only one of them has pages in flight at any time: the other takes over when all were acknowledged,
so what outbox.publisher says of one producer holds for both, and no page overtakes another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outbox.kafka import BULK, PROMPT, closed, producer_config
from outbox.publisher import PageInFlight, Publisher
from outbox.settings import RelaySettings


class Lanes:
    """The two, each made when it is needed first, and what is in flight."""

    def __init__(self, settings: RelaySettings, batch_bytes: int) -> None:
        self._settings = settings
        self._batch_bytes = batch_bytes
        self._publishers: dict[bool, Publisher] = {}
        self._bulk = False

    @property
    def all(self) -> list[Publisher]:
        return list(self._publishers.values())

    @property
    def rows_in_flight(self) -> int:
        return sum(publisher.rows_in_flight for publisher in self.all)

    @property
    def idle(self) -> bool:
        """Whether no page is in flight."""
        return all(publisher.idle for publisher in self.all)

    def has_room(self, *, bulk: bool) -> bool:
        """Whether a page may be sent now. The bulk lane takes any while it is in use, the prompt one no large ones."""
        if self.idle:
            return True
        return (self._bulk or not bulk) and self._publishers[self._bulk].has_room

    def lane(self, *, bulk: bool) -> Publisher:
        """The producer for a page that there is room for."""
        if self.idle:
            self._bulk = bulk
        if self._bulk not in self._publishers:
            self._publishers[self._bulk] = Publisher(self._config(BULK if self._bulk else PROMPT), self._settings)
        return self._publishers[self._bulk]

    def settled(self) -> list[PageInFlight]:
        """The pages delivered since the last call, from the oldest on. Raises PipelineError."""
        return [page for publisher in self.all for page in publisher.settled()]

    def connect(self) -> None:
        """Have the prompt one ready. Blocks. Raises KafkaException."""
        self.lane(bulk=False).connect()

    def abandon(self) -> None:
        """Drop what is not delivered, at once. What was on its way may still arrive."""
        for publisher in self.all:
            publisher.abandon()

    async def close(self) -> None:
        """End the producers."""
        for publisher in self.all:
            await closed(publisher)

    def _config(self, wish: Mapping[str, Any]) -> dict[str, object]:
        return producer_config(self._settings, self._batch_bytes, wish)
