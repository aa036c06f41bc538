"""What a leader needs of Kafka, ready before it leads: clients that are connected, topics that were looked at.

A standby has it for as long as it stands by, so that a take-over costs neither connections nor the half second after
which librdkafka asks again for a producer's id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from outbox.background import background, in_thread
from outbox.errors import OutboxError
from outbox.kafka import LARGEST_BATCH_BYTES, LOGGER
from outbox.lanes import Lanes
from outbox.settings import RelaySettings
from outbox.topics import batch_limit_bytes, check_topics, partition_counts

ANSWER_SECONDS = 5.0
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ready:
    """Connected clients, for one pipeline."""

    admin: AdminClient
    lanes: Lanes


def get_ready(settings: RelaySettings) -> Ready:
    """Check the topics and connect. Blocks. Raises MissingTopicError, RepartitionedError or KafkaException."""
    admin = AdminClient({**settings.kafka, "log.connection.close": False}, logger=LOGGER)
    check_topics(settings.topics, partition_counts(admin, ANSWER_SECONDS))
    limit = batch_limit_bytes(admin, settings.topics, ANSWER_SECONDS)
    lanes = Lanes(settings, min(limit or LARGEST_BATCH_BYTES, LARGEST_BATCH_BYTES))
    try:
        lanes.connect()
    except KafkaException:
        lanes.abandon()
        raise
    return Ready(admin, lanes)


class Readiness:
    """Of one relay, for its next pipeline."""

    def __init__(self, settings: RelaySettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._ready: Ready | None = None
        self._wanted = True

    async def take(self) -> Ready:
        """What stands ready, or is made now. Raises what `get_ready` does."""
        self._wanted = False
        async with self._turn:
            ready, self._ready = self._ready, None
        return ready if ready else await in_thread(get_ready, self._settings)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Have it ready soon, and let go of it in the end if nobody took it."""
        async with background(self._get_ready()):
            yield
        if self._ready:
            self._ready.lanes.abandon()
            await self._ready.lanes.close()

    async def _get_ready(self) -> None:
        # Whatever is missing or away: who leads will meet it.
        while self._wanted and not self._ready:
            async with self._turn:
                with contextlib.suppress(OutboxError, KafkaException):
                    self._ready = await in_thread(get_ready, self._settings)
            if not self._ready:
                await asyncio.sleep(RETRY_SECONDS)
