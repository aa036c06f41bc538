"""What is appended, and where it may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from outbox.errors import (
    EventTooLargeError,
    InvalidAttributeError,
    InvalidKeyError,
    UnknownTopicError,
    UnserialisedPayloadError,
)

DEFAULT_PARTITIONS = 8
MAX_KEY_BYTES = 512
MAX_ATTRIBUTE_BYTES = 512
MAX_PAYLOAD_BYTES = 900_000
REPLAY_HEADER = "ce_replayid"
"""Marks a record that was published again, with the id of the replay: it says nothing of the first delivery."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append. Its CloudEvents attributes arrive in Kafka as record headers:

    ce_specversion 1.0, ce_id = event_id, ce_type = topic, ce_source = source, ce_subject = key, ce_time = occurred_at,
    ce_sequence = the id that the outbox gives it, and traceparent (W3C trace context) if there is one.
    """

    topic: str
    key: str
    payload: bytes
    event_id: UUID
    occurred_at: datetime
    source: str = "/laurel"
    traceparent: str | None = None

    def __post_init__(self) -> None:
        if self.occurred_at.tzinfo is None:
            raise ValueError("occurred_at needs a time zone")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics that an outbox may publish to, with their numbers of partitions, and the limit of a payload.

    `prefix` goes before the names in Kafka only: rows keep the plain name.
    """

    partitions: Mapping[str, int]
    prefix: str = ""
    max_payload_bytes: int = MAX_PAYLOAD_BYTES
    _names: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if wrong := [name for name, count in self.partitions.items() if not name or count < 1]:
            raise ValueError(f"topics need a name and a partition at least: {wrong}")
        object.__setattr__(self, "partitions", MappingProxyType(dict(self.partitions)))
        object.__setattr__(self, "_names", MappingProxyType({name: self.prefix + name for name in self.partitions}))

    @classmethod
    def of(cls, names: Iterable[str], partitions: int = DEFAULT_PARTITIONS, prefix: str = "") -> Topics:
        """Topics that all have the same number of partitions."""
        return cls(dict.fromkeys(names, partitions), prefix)

    @property
    def kafka_names(self) -> Mapping[str, str]:
        """Plain name to name in Kafka."""
        return self._names

    def check(self, event: NewEvent) -> None:
        """Raise the InvalidEventError that tells why Kafka, or the log, could not take the event."""
        if event.topic not in self.partitions:
            raise UnknownTopicError(
                f"{event.topic!r} is not a topic of this outbox ({', '.join(self.partitions)})", topic=event.topic
            )
        if not event.key or not _is_text(event.key, MAX_KEY_BYTES):
            raise InvalidKeyError(key=event.key[:MAX_KEY_BYTES])
        for attribute in (event.source, event.traceparent):
            if attribute is not None and not _is_text(attribute, MAX_ATTRIBUTE_BYTES):
                raise InvalidAttributeError(attribute=attribute[:MAX_ATTRIBUTE_BYTES])
        if not isinstance(event.payload, bytes):
            raise UnserialisedPayloadError(kind=type(event.payload).__name__)
        if len(event.payload) > self.max_payload_bytes:
            raise EventTooLargeError(
                f"{event.topic}: a payload of {len(event.payload)} bytes; {self.max_payload_bytes} are allowed",
                payload_bytes=len(event.payload),
                limit_bytes=self.max_payload_bytes,
            )


def _is_text(text: str, most_bytes: int) -> bool:
    try:
        return len(text.encode()) <= most_bytes and "\0" not in text
    except UnicodeEncodeError:
        return False
