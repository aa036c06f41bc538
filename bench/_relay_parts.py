"""What the relay's bench runs in processes of their own: the floors, the loop that a team writes first, a consumer.

A consumer writes a line for each record (event id, when it was seen) until its standard input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import time
from collections.abc import Callable, Mapping

import asyncpg
from confluent_kafka import Consumer, Producer, TopicPartition

PARTITIONS = 8
KEYS = 1_000
PAYLOAD = b"x" * 235
LOOP_ROWS = 1_000
READ = "select id, event_id, topic, key, payload, source, occurred_at, traceparent from outbox"


def main() -> None:
    """Runs the part that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    for name in ("bootstrap", "topic", "dsn"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rows", type=int, required=True)
    PARTS[(options := parser.parse_args()).part](options)


def _produce(options: argparse.Namespace) -> None:
    """The floor: nothing is read, no record has a header or a callback."""
    settings = {"bootstrap.servers": options.bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 5}
    producer = Producer({**settings, "queue.buffering.max.messages": 1_000_000})
    producer.produce(options.topic, PAYLOAD, "member-0")
    producer.flush()  # it has its id now, and begins to send when it is given something, not when it is given all
    for number in range(1, options.rows):
        producer.produce(options.topic, PAYLOAD, f"member-{number % KEYS}")
        if number % 1_000 == 0:
            producer.poll(0)
    producer.flush()


def _copy(options: argparse.Namespace) -> None:
    """The other floor: COPY of all rows in binary, and nothing done with them; prints the seconds."""

    async def copy() -> float:
        async def ignore(data: bytes) -> None:
            """Nothing is done with them."""

        conn = await asyncpg.connect(options.dsn)
        began_at = time.monotonic()
        await conn.copy_from_query(READ, output=ignore, format="binary")
        seconds = time.monotonic() - began_at
        await conn.close()
        return seconds

    print(asyncio.run(copy()))


def _loop(options: argparse.Namespace) -> None:
    """SELECT … FOR UPDATE SKIP LOCKED, produce, flush, DELETE."""

    async def loop() -> None:
        producer = Producer({"bootstrap.servers": options.bootstrap, "acks": "all", "enable.idempotence": True})
        conn = await asyncpg.connect(options.dsn)
        while await _relay_some(conn, producer, options.topic):
            pass
        await conn.close()

    asyncio.run(loop())


async def _relay_some(conn: asyncpg.Connection, producer: Producer, topic: str) -> int:
    async with conn.transaction():
        rows = await conn.fetch(
            "select id, event_id::text, topic, key, payload from loop order by id limit $1 for update skip locked",
            LOOP_ROWS,
        )
        for _, event_id, type_, key, payload in rows:
            producer.produce(topic, payload, key, headers=[("id", event_id), ("type", type_)], on_delivery=_check)
        producer.flush()
        await conn.execute("delete from loop where id = any($1)", [row["id"] for row in rows])
        return len(rows)


def _check(error: object, message: object) -> None:
    if error is not None:
        raise RuntimeError(error)


def _consume(options: argparse.Namespace) -> None:
    consumer = Consumer({"bootstrap.servers": options.bootstrap, "group.id": "bench", "fetch.wait.max.ms": 100})
    consumer.assign([TopicPartition(options.topic, partition, 0) for partition in range(PARTITIONS)])
    closed = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        closed.set()

    threading.Thread(target=wait, daemon=True).start()
    seen: list[tuple[str, float]] = []
    while not closed.is_set():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            id_ = dict(message.headers() or [])["ce_id"]
            seen.append((bytes(id_ or b"").decode(), time.time()))  # type: ignore[arg-type]
    consumer.close()
    sys.stdout.writelines(f"{id_} {at}\n" for id_, at in seen)


PARTS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "producer": _produce,
    "copy": _copy,
    "loop": _loop,
    "consumer": _consume,
}

if __name__ == "__main__":
    main()
