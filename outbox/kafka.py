"""How the relay's Kafka clients are set up: the user's settings, except for those that the guarantees rest on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from confluent_kafka import KafkaError

from outbox.background import in_thread
from outbox.errors import OutboxError
from outbox.settings import KafkaConfig, RelaySettings

CLOSE_SECONDS = 5.0
LOGGER = logging.getLogger("outbox.kafka")
LARGEST_BATCH_BYTES = 512 * 1024
PROMPT: Mapping[str, object] = {"linger.ms": 0}
BULK: Mapping[str, object] = {"linger.ms": 3, "compression.type": "lz4"}
RECORD_OVERHEAD_BYTES = 16 * 1024

REFUSALS = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_MSG,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.INVALID_RECORD,
        KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
        KafkaError.POLICY_VIOLATION,
    }
)
"""What is wrong with the record itself, so that trying again is of no use. Anything else is waited out.

A timestamp is not: it is the moment of sending. A broker that is told to refuse late records (decision 0130) takes the
same row when it is sent anew.
"""


class PipelineError(OutboxError):
    """The producer cannot go on: throw it away and look at what it delivered."""


class KafkaAwayError(PipelineError):
    """Kafka did not answer in time."""


class LeaseExpiredError(PipelineError):
    """The process was not running for a while: somebody else may lead."""


class RefusedError(PipelineError):
    """Kafka refused a record; which one is to be found out."""


class Closable(Protocol):
    """A producer of ours."""

    def close(self) -> None:
        """End it. Blocks."""


async def closed(producer: Closable) -> None:
    """End a producer; one that does not end in time is left behind."""
    try:
        await asyncio.wait_for(in_thread(producer.close), CLOSE_SECONDS)
    except TimeoutError:
        LOGGER.warning("librdkafka did not end a producer: it is left behind")


def classify(error: KafkaError) -> PipelineError:
    """What a failed delivery means for the pipeline."""
    transient = (KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN)
    return KafkaAwayError(error.str()) if error.code() in transient else RefusedError(f"{error.name()}: {error.str()}")


def producer_config(
    settings: RelaySettings, batch_bytes: int = LARGEST_BATCH_BYTES, wish: Mapping[str, object] = PROMPT
) -> dict[str, object]:
    """For the pipeline: idempotent, and stopped by the first record that is refused (gapless)."""
    rows = settings.page_rows * (settings.pages_in_flight + 2)
    bytes_in_flight = settings.page_bytes * (settings.pages_in_flight + 2) * 2
    defaults: Mapping[str, object] = {
        **wish,
        "batch.size": batch_bytes,
        "socket.nagle.disable": True,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,
        "log.connection.close": False,
    }
    guaranteed: Mapping[str, object] = {
        "acks": "all",
        "enable.idempotence": True,
        "enable.gapless.guarantee": True,
        "message.timeout.ms": int(settings.message_timeout_seconds * 1000),
        "message.max.bytes": settings.topics.max_payload_bytes + RECORD_OVERHEAD_BYTES,
        "queue.buffering.max.messages": max(rows, 1_000),
        "queue.buffering.max.kbytes": max(bytes_in_flight // 1024, 10_240),
        "allow.auto.create.topics": False,
    }
    return {**defaults, **settings.kafka, **guaranteed}


def one_by_one_config(settings: RelaySettings) -> dict[str, object]:
    """For finding out which record is refused: each is a request of its own, and a refusal stops nothing."""
    return {**producer_config(settings), "enable.gapless.guarantee": False, "batch.num.messages": 1}


def consumer_config(kafka: KafkaConfig) -> dict[str, object]:
    """For looking at the ends of the topics: it joins no group and commits nothing."""
    return {
        "fetch.wait.max.ms": 10,
        "log.connection.close": False,
        **kafka,
        "group.id": "outbox-reconciliation",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_uncommitted",
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
    }
