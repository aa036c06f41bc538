"""What a relay needs of Kafka: brokers that let it in, topics, rights, sizes, copies."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._config import ConfigResource

from outbox.findings import Finding, failed, fine, warning
from outbox.kafka import LOGGER, RECORD_OVERHEAD_BYTES
from outbox.settings import RelaySettings

WAIT_SECONDS = 4.0
HOPELESS = {KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError._ALL_BROKERS_DOWN}
NEEDED = (AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.READ)
"""To publish, to find the topics' ends, and to read there what an earlier relay had published."""

Described = Mapping[str, Any]


def check_kafka(settings: RelaySettings) -> list[Finding]:
    """All findings. Blocks; waits at most for some seconds."""
    said: list[KafkaError] = []
    config: dict[str, Any] = {**settings.kafka, "log.connection.close": False, "error_cb": said.append}
    try:
        admin = AdminClient(config, logger=LOGGER)
        brokers = _count_brokers(admin, said)
    except KafkaException as error:
        return [_no_answer(error.args[0], said)]
    names = list(settings.topics.kafka_names.values())
    described = _describe(admin, names)
    return [
        fine("Kafka", f"{brokers} brokers"),
        *_topics(settings, described),
        *_rights(described),
        *_configs(settings, described, _read_configs(admin, [name for name, topic in described.items() if topic])),
    ]


def _count_brokers(admin: AdminClient, said: list[KafkaError]) -> int:
    """Waits for an answer, but not after the reason is known why there will be none."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return len(admin.list_topics(timeout=1.0).brokers)
        except KafkaException:
            admin.poll(0)
            reasons = {error.code() for error in said}
            if time.monotonic() > deadline or reasons & HOPELESS:
                raise


def _no_answer(error: KafkaError, said: list[KafkaError]) -> Finding:
    causes = list({one.code(): one.str() for one in said}.values()) or [error.str()]
    remedy = "are LAUREL_KAFKA_BOOTSTRAP and security.protocol right, and do the brokers run?"
    if any(one.code() == KafkaError._AUTHENTICATION for one in said):
        remedy = "check sasl.mechanism, sasl.username and sasl.password in LAUREL_KAFKA_SETTINGS or its file"
    elif any(one.code() == KafkaError._SSL for one in said):
        remedy = "check ssl.ca.location (whose certificates to believe) and the brokers' names in their certificates"
    return failed("Kafka", "; ".join(causes), remedy)


def _describe(admin: AdminClient, names: list[str]) -> Described:
    """The topics by name, None for one that is not there or must not be seen."""
    futures = admin.describe_topics(
        TopicCollection(names), include_authorized_operations=True, request_timeout=WAIT_SECONDS
    )
    found: dict[str, Any] = {}
    for name, future in futures.items():
        try:
            found[name] = future.result()
        except KafkaException:
            found[name] = None
    return found


def _topics(settings: RelaySettings, described: Described) -> Iterator[Finding]:
    if missing := [name for name, topic in described.items() if topic is None]:
        remedy = "`laurel topics` makes them; if they are there: the ACL Describe on topic for the relay's user"
        yield failed("topics", f"not to be seen: {', '.join(missing)}", remedy)
    wanted = {settings.topics.kafka_names[name]: count for name, count in settings.topics.partitions.items()}
    wrong = [
        f"{name} has {len(topic.partitions)} partitions instead of {wanted[name]}"
        for name, topic in described.items()
        if topic and len(topic.partitions) != wanted[name]
    ]
    if wrong:
        yield failed("topics", "; ".join(wrong), "set LAUREL_KAFKA_PARTITIONS to what they have: it never changes")
    if not (missing or wrong):
        yield fine("topics", f"{len(described)} there, with their partitions")


def _rights(described: Described) -> Iterator[Finding]:
    lacking = {
        name: [right.name for right in NEEDED if right not in (topic.authorized_operations or NEEDED)]
        for name, topic in described.items()
        if topic
    }
    said = [f"{', '.join(rights).title()} on topic {name}" for name, rights in lacking.items() if rights]
    if said:
        yield failed("rights in Kafka", f"missing: {'; '.join(said)}", "add these ACLs for the relay's user")
    elif lacking:
        yield fine("rights in Kafka", "Write, Describe and Read on all topics")


def _read_configs(admin: AdminClient, names: list[str]) -> dict[str, dict[str, str]] | None:
    """The topics' settings; None if they may not be read."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    futures = admin.describe_configs(resources, request_timeout=WAIT_SECONDS)
    try:
        return {
            resource.name: {entry.name: entry.value for entry in future.result().values()}
            for resource, future in futures.items()
        }
    except KafkaException:
        return None


def _configs(
    settings: RelaySettings, described: Described, configs: dict[str, dict[str, str]] | None
) -> Iterator[Finding]:
    if configs is None:
        remedy = "the ACL DescribeConfigs on topic for the relay's user"
        yield warning("settings of the topics", "may not be read: batches are made as large as usual", remedy)
        return
    largest = settings.topics.max_payload_bytes + RECORD_OVERHEAD_BYTES
    topics_by_finding: dict[Finding, list[str]] = {}
    for name, config in configs.items():
        replicas = len(described[name].partitions[0].replicas)
        for finding in (*_size(config, largest), *_copies(config, replicas), *_compaction(config)):
            topics_by_finding.setdefault(finding, []).append(name)
    for finding, topics in topics_by_finding.items():
        yield replace(finding, detail=f"{finding.detail} ({', '.join(topics)})")


def _size(config: dict[str, str], largest: int) -> Iterator[Finding]:
    limit = int(config["max.message.bytes"])
    if limit < largest:
        yield failed(
            "sizes",
            f"Kafka takes {limit} bytes and an event may have {largest}: larger ones would park their keys",
            f"set max.message.bytes={largest} or more on the topics (message.max.bytes on the brokers)",
        )


def _copies(config: dict[str, str], replicas: int) -> Iterator[Finding]:
    in_sync = int(config["min.insync.replicas"])
    if in_sync > replicas:
        detail = f"{replicas} replicas, of which {in_sync} are to be in sync: nothing can be published"
        yield failed("copies", detail, "set min.insync.replicas on the topics to no more than their replicas")
    elif replicas == 1:
        yield warning("copies", "kept by one broker alone", "three replicas, and min.insync.replicas=2")
    elif in_sync == 1:
        detail = f"acknowledged when one broker of {replicas} has them"
        yield warning("copies", detail, "set min.insync.replicas=2 on the topics")


def _compaction(config: dict[str, str]) -> Iterator[Finding]:
    if "compact" in config["cleanup.policy"]:
        yield warning("compaction", "only the last event of a key is kept", "set cleanup.policy=delete on the topics")
