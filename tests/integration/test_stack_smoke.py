"""The shortest proof that servers, schema and clients work on this Python; `make test-pythons` runs it on each."""

from __future__ import annotations

import asyncpg
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from db.migrate import migration_files

TIMEOUT_SECONDS = 30


async def test_the_schema_is_there(conn: asyncpg.Connection) -> None:
    applied = await conn.fetch("select migration_id from _pogo_migration")
    assert {row["migration_id"] for row in applied} == {path.stem for path in migration_files()}
    assert await conn.fetchval("show server_encoding") == "UTF8"


def test_valkey_keeps_a_value(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("greeting", "hello", ex=TIMEOUT_SECONDS)
        assert client.get("greeting") == b"hello"


def test_kafka_carries_a_record(kafka_bootstrap: str, topic_prefix: str) -> None:
    topic = f"{topic_prefix}smoke"
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    admin.create_topics([NewTopic(topic, 1)])[topic].result(TIMEOUT_SECONDS)
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "acks": "all"})
    producer.produce(topic, key=b"member", value=b"event")
    assert producer.flush(TIMEOUT_SECONDS) == 0
    consumer = Consumer(
        {"bootstrap.servers": kafka_bootstrap, "group.id": topic_prefix, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    record = consumer.poll(TIMEOUT_SECONDS)
    consumer.close()
    admin.delete_topics([topic])[topic].result(TIMEOUT_SECONDS)
    assert record is not None
    assert (record.error(), record.key(), record.value()) == (None, b"member", b"event")
