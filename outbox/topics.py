"""Topics are made explicitly: a consumer that finds none may ignore them, and auto-creation picks the partitions.

The number of partitions is fixed from then on: another one would send later events of a key elsewhere, out of order.
"""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from outbox.errors import TopicError
from outbox.events import Topics
from outbox.settings import KafkaConfig

WAIT_SECONDS = 15.0
BROKERS_DEFAULT = -1


def ensure_topics(
    kafka: KafkaConfig, topics: Topics, *, replication: int = BROKERS_DEFAULT, timeout_seconds: float = WAIT_SECONDS
) -> list[str]:
    """Create the topics that are missing and return their names in Kafka. Safe to run again, and by many at once.

    Blocks. Raises TopicError if one exists with another number of partitions, KafkaException if Kafka is away.
    """
    admin = AdminClient(dict(kafka))
    existing = partition_counts(admin, timeout_seconds)
    missing = [
        NewTopic(topics.kafka_names[name], num_partitions=count, replication_factor=replication)
        for name, count in topics.partitions.items()
        if topics.kafka_names[name] not in existing
    ]
    created = _create(admin, missing, timeout_seconds) if missing else []
    check_topics(topics, partition_counts(admin, timeout_seconds))
    return created


def partition_counts(admin: AdminClient, timeout_seconds: float) -> dict[str, int]:
    """The topics of the cluster with their numbers of partitions."""
    found = admin.list_topics(timeout=timeout_seconds).topics.values()
    return {str(topic.topic): len(topic.partitions) for topic in found if topic.error is None}


def check_topics(topics: Topics, existing: dict[str, int]) -> None:
    """Raise TopicError, saying all that is wrong, unless every topic exists as it should."""
    problems = []
    for name, count in topics.partitions.items():
        kafka_name = topics.kafka_names[name]
        if kafka_name not in existing:
            problems.append(f"{kafka_name} is missing: create it with {count} partitions (`laurel topics`)")
        elif existing[kafka_name] != count:
            problems.append(
                f"{kafka_name} has {existing[kafka_name]} partitions instead of {count}: "
                "events of one key would go to two partitions, out of order"
            )
    if problems:
        raise TopicError("; ".join(problems))


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
