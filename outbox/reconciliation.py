"""What is in the topics beyond a checkpoint: published by a relay that ended before it could say so.

Every record carries its outbox id and event id. Those found are not sent again, so that no crash of a relay leaves a
duplicate. An id with another event id is of another history of the database: it would hide a row that was never sent.
Records that a replay published again (outbox.replay) are passed over: they say nothing of the first delivery.

What a killed relay had sent may still be on its way: in a socket's buffer, in the broker's queue, above the high
watermark. So the ends are looked at until they stand still, for longer the slower the broker answers: requests that
were there before ours are taken before ours. Only a broker that leaves a request of a connection that is gone lying
for longer than that can still append a duplicate.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from outbox.checkpoint import Ends
from outbox.errors import ForeignHistoryError
from outbox.events import REPLAY_HEADER, Topics
from outbox.kafka import LOGGER, KafkaAwayError, consumer_config
from outbox.log import EVENT_ID, ID, Row
from outbox.settings import KafkaConfig
from outbox.topics import check_topics, partition_counts

SILENCE_SECONDS = 5.0
STILL_SECONDS = 0.3
LONGEST_STILL_SECONDS = 3.0
ANSWERS_TO_STAND_STILL = 10
MOST_LOOKS = 10
"""Someone else writes to the topics if they never stand still; a relay is not kept waiting for that."""


@dataclass(slots=True)
class Published:
    """Event ids by outbox id of what was found, and where the partitions end."""

    events: dict[int, str] = field(default_factory=dict)
    ends: Ends = field(default_factory=dict)

    def missing(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows that are not in the topics yet. Those that are will not be asked for again: they are forgotten.

        Raises ForeignHistoryError.
        """
        return [row for row in rows if not self._forget(row)] if self.events else rows

    def _forget(self, row: Row) -> bool:
        event_id = self.events.pop(row[ID], None)
        if event_id is not None and event_id != row[EVENT_ID]:
            raise ForeignHistoryError(outbox_id=row[ID], event_id=row[EVENT_ID], published_event_id=event_id)
        return event_id is not None


def look_beyond(
    admin: AdminClient, kafka: KafkaConfig, topics: Topics, ends: Ends, *, complete: bool = False
) -> Published:
    """Check the topics, and read each partition from its end at the checkpoint to its end now. Blocks.

    If the checkpoint is complete and the topics end where it says, nothing can be on its way: there is no second look.
    Raises MissingTopicError, RepartitionedError, KafkaException or KafkaAwayError.
    """
    check_topics(topics, partition_counts(admin, SILENCE_SECONDS))
    beginnings, now = _ends(admin, topics)
    starts = {at: max(ends.get(at, 0), beginnings[at]) for at in now}
    events = _read_between(kafka, starts, now)
    for _ in range(0 if complete and starts == now else MOST_LOOKS):
        later = _ends_after_a_pause(admin, topics)
        if later == now:
            break
        events |= _read_between(kafka, now, later)
        now = later
    return Published(events, now)


def _ends_after_a_pause(admin: AdminClient, topics: Topics) -> Ends:
    """The partitions' ends, after so long that a broker as quick as now has taken what it was sent before."""
    partitions = _partitions(topics)
    last: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked_at = time.monotonic()
    _offsets(admin, partitions, last)
    answer_seconds = time.monotonic() - asked_at
    time.sleep(min(max(STILL_SECONDS, answer_seconds * ANSWERS_TO_STAND_STILL), LONGEST_STILL_SECONDS))
    return _offsets(admin, partitions, last)


def look_since(kafka: KafkaConfig, topics: Topics, since: datetime | None) -> Published:
    """Like `look_beyond`, but for the records from a time on; None for no records, only the ends."""
    admin = AdminClient({**kafka, "log.connection.close": False}, logger=LOGGER)
    check_topics(topics, partition_counts(admin, SILENCE_SECONDS))
    _, now = _ends(admin, topics)
    if since is None:
        return Published({}, now)
    spec = OffsetSpec.for_timestamp(int(since.timestamp() * 1000))
    starts = _offsets(admin, _partitions(topics), spec)
    return Published(_read_between(kafka, starts, now), now)


def _read_between(kafka: KafkaConfig, starts: Ends, ends: Ends) -> dict[int, str]:
    return _read(kafka, {at: start for at, start in starts.items() if 0 <= start < ends[at]}, ends)


def _ends(admin: AdminClient, topics: Topics) -> tuple[Ends, Ends]:
    partitions = _partitions(topics)
    first: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
    last: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    return _offsets(admin, partitions, first), _offsets(admin, partitions, last)


def _partitions(topics: Topics) -> list[TopicPartition]:
    return [
        TopicPartition(topics.kafka_names[name], partition)
        for name, count in topics.partitions.items()
        for partition in range(count)
    ]


def _offsets(admin: AdminClient, partitions: list[TopicPartition], spec: OffsetSpec) -> Ends:
    futures = admin.list_offsets(dict.fromkeys(partitions, spec), request_timeout=SILENCE_SECONDS)
    return {(at.topic, at.partition): future.result().offset for at, future in futures.items()}


def _read(kafka: KafkaConfig, starts: Mapping[tuple[str, int], int], ends: Ends) -> dict[int, str]:
    if not starts:
        return {}
    events: dict[int, str] = {}
    unread = {at: ends[at] for at in starts}
    consumer = Consumer(consumer_config(kafka), logger=LOGGER)
    try:
        consumer.assign([TopicPartition(topic, partition, start) for (topic, partition), start in starts.items()])
        while unread:
            message = consumer.poll(SILENCE_SECONDS)
            if message is None:
                raise KafkaAwayError(f"the topics' ends could not be read: {len(unread)} partitions are silent")
            _note(message, events, unread)
    finally:
        consumer.close()
    return events


def _note(message: Message, events: dict[int, str], unread: Ends) -> None:
    at = str(message.topic()), int(message.partition() or 0)
    error = message.error()
    if error is not None:
        if error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        unread.pop(at, None)
        return
    found = dict(message.headers() or [])
    sequence, event_id = found.get("ce_sequence"), found.get("ce_id")
    if (
        REPLAY_HEADER not in found
        and isinstance(sequence, bytes)
        and isinstance(event_id, bytes)
        and sequence.isdigit()
    ):
        events[int(sequence)] = event_id.decode(errors="replace")
    if int(message.offset() or 0) + 1 >= unread.get(at, 0):
        unread.pop(at, None)
