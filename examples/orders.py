"""A shop of its own on the outbox: its own schema, its own topic, nothing of Laurel's.

    python examples/orders.py postgresql://localhost/shop 127.0.0.1:9092

An order and the event that tells of it are stored in one transaction; a relay in this process publishes the event; a
consumer reads it. Run it again: the tables and the topic are there, the relay goes on where it was.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
from confluent_kafka import Consumer

from outbox import NewEvent, Poke, RelaySettings, Topics, append
from outbox.relay import run_relay
from outbox.schema import create
from outbox.topics import ensure_topics

SCHEMA = "shop"
ORDERS = 3
READ_SECONDS = 30


async def place_order(conn: asyncpg.Connection, customer: str, amount: int, topics: Topics) -> None:
    """The order and its event: both are stored, or none."""
    async with conn.transaction():
        # what the key names is locked first: so events of a customer are published in the order of the commits
        await conn.execute("select from customer where name = $1 for update", customer)
        await conn.execute("insert into purchase (customer, amount) values ($1, $2)", customer, amount)
        payload = json.dumps({"customer": customer, "amount": amount}).encode()
        await append(conn, [NewEvent("order.placed", customer, payload, uuid4(), datetime.now(UTC), "/shop")], topics)


async def sell(dsn: str, topics: Topics) -> None:
    """Orders of one customer, as a web server would take them."""
    conn = await asyncpg.connect(dsn, server_settings={"search_path": SCHEMA})
    async with Poke(dsn) as poke:
        for amount in range(1, ORDERS + 1):
            await place_order(conn, "ada", amount, topics)
            poke.poke()  # wakes the relay; nothing depends on it
    await conn.close()


def consume(bootstrap: str, topics: Topics, group: str) -> list[dict[str, object]]:
    """The events, as another service would read them. An id that comes again is the same event."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe(list(topics.kafka_names.values()))
    seen: dict[str, dict[str, object]] = {}
    while len(seen) < ORDERS and (message := consumer.poll(READ_SECONDS)) is not None:
        event_id = dict(message.headers() or [])["ce_id"]
        seen[str(event_id)] = json.loads(message.value() or b"")
    consumer.close()
    return list(seen.values())


async def main(dsn: str, bootstrap: str, prefix: str = "shop.") -> None:
    """The tables, the topic, a relay, some orders, and what a consumer saw of them."""
    conn = await asyncpg.connect(dsn)
    print("steps taken:", await create(conn, SCHEMA))
    await conn.execute("create table if not exists shop.customer (name text primary key)")
    await conn.execute("create table if not exists shop.purchase (customer text, amount int)")
    await conn.execute("insert into shop.customer values ('ada') on conflict do nothing")
    await conn.close()

    topics = Topics.of(["order.placed"], partitions=2, prefix=prefix)
    kafka = {"bootstrap.servers": bootstrap}
    print("topics made:", await asyncio.to_thread(ensure_topics, kafka, topics))

    stop = asyncio.Event()
    settings = RelaySettings(dsn=dsn, kafka=kafka, topics=topics, schema=SCHEMA, application_name="shop-relay")
    relay = asyncio.create_task(run_relay(settings, stop))
    await sell(dsn, topics)
    for event in await asyncio.to_thread(consume, bootstrap, topics, f"{prefix}{uuid4()}"):
        print("consumed:", event)
    stop.set()
    await relay


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
