"""Topics are made explicitly: a consumer that finds none may ignore them, and auto-creation picks the partitions.

The number of partitions is fixed from then on: another one would send later events of a key elsewhere, out of order.
"""

from __future__ import annotations

import time

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from outbox.errors import MissingTopicError, RepartitionedError
from outbox.events import Topics
from outbox.kafka import LOGGER, KafkaAwayError
from outbox.settings import KafkaConfig

WAIT_SECONDS = 15.0
KNOWN_PAUSE_SECONDS = 0.1
BROKERS_DEFAULT = -1


def ensure_topics(
    kafka: KafkaConfig, topics: Topics, *, replication: int = BROKERS_DEFAULT, timeout_seconds: float = WAIT_SECONDS
) -> list[str]:
    """Create the topics that are missing and return their names in Kafka. Safe to run again, and by many at once.

    Blocks. Raises RepartitionedError if one has another number of partitions, KafkaAwayError if Kafka does not answer
    or does not let us.
    """
    admin = AdminClient(dict(kafka), logger=LOGGER)
    try:
        existing = partition_counts(admin, timeout_seconds)
        missing = [
            NewTopic(topics.kafka_names[name], num_partitions=count, replication_factor=replication)
            for name, count in topics.partitions.items()
            if topics.kafka_names[name] not in existing
        ]
        created = _create(admin, missing, timeout_seconds) if missing else []
        _wait_until_known(admin, topics, timeout_seconds)
    except KafkaException as error:
        raise KafkaAwayError(error.args[0].str()) from error
    return created


def partition_counts(admin: AdminClient, timeout_seconds: float) -> dict[str, int]:
    """The topics of the cluster with their numbers of partitions."""
    found = admin.list_topics(timeout=timeout_seconds).topics.values()
    return {str(topic.topic): len(topic.partitions) for topic in found if topic.error is None}


def check_topics(topics: Topics, existing: dict[str, int]) -> None:
    """Raise MissingTopicError or RepartitionedError, saying all that is wrong, unless all is as it should be."""
    found = {name: existing.get(topics.kafka_names[name]) for name in topics.partitions}
    if wrong := [
        f"{topics.kafka_names[name]} has {found[name]} partitions instead of {count}"
        for name, count in topics.partitions.items()
        if found[name] not in (None, count)
    ]:
        raise RepartitionedError(
            f"{'; '.join(wrong)}: events of one key would go to two partitions, out of order. Say what they have "
            "(LAUREL_KAFKA_PARTITIONS)"
        )
    if missing := [topics.kafka_names[name] for name, count in found.items() if count is None]:
        raise MissingTopicError(
            f"these topics are missing: {', '.join(missing)}. Create them with `laurel topics` (outbox.topics)"
        )


def batch_limit_bytes(admin: AdminClient, topics: Topics, timeout_seconds: float) -> int | None:
    """The smallest max.message.bytes of the topics: what a batch may have. None if Kafka does not let us know."""
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics.kafka_names.values()]
    futures = admin.describe_configs(resources, request_timeout=timeout_seconds)
    try:
        return min(int(future.result()["max.message.bytes"].value) for future in futures.values())
    except (KafkaException, KeyError):
        return None


def _wait_until_known(admin: AdminClient, topics: Topics, timeout_seconds: float) -> None:
    """A cluster knows of a new topic a moment after it was made."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            check_topics(topics, partition_counts(admin, timeout_seconds))
        except MissingTopicError:
            if time.monotonic() > deadline:
                raise
            time.sleep(KNOWN_PAUSE_SECONDS)
        else:
            return


def _create(admin: AdminClient, missing: list[NewTopic], timeout_seconds: float) -> list[str]:
    created = []
    for name, future in admin.create_topics(missing, request_timeout=timeout_seconds).items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
        else:
            created.append(name)
    return created
