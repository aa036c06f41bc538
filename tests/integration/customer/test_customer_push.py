"""Server-sent events: what is pushed, in what order, and what happens when something breaks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import pytest
from redis import asyncio as aioredis

from api.customer.app import create_app
from api.kit.sse import CONNECTIONS_PER_MEMBER_LIMIT
from api.kit.tokens import mint_access_token
from loyalty.clock import new_id, system_clock
from loyalty.services.earning import award_transactions
from loyalty.services.incoming import Incoming
from loyalty.services.rulesets import Rulesets
from loyalty.settings import Settings
from loyalty.store.database import Pool
from schemas.events import TransactionRecorded
from tests.integration.customer.conftest import PREFIX, Eventually, Shop, StartApi
from tests.support.apis import SIGNING_KEY, Client, client_of, serving, settings_for
from tests.support.proxy import proxied
from tests.support.rows import add_member, give_points

WAIT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    version: int
    data: dict[str, object]


@contextlib.asynccontextmanager
async def listening(client: Client, last_event_id: str | None = None) -> AsyncIterator[AsyncIterator[Event]]:
    """The events that the server sends to this client."""
    headers = {"Authorization": f"Bearer {client.token}"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    async with client.session.get(client.url + client.prefix + "/events", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-cache, no-transform"
        yield _events(answer.content)


async def _events(lines: aiohttp.StreamReader) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield Event(fields["event"], int(fields["id"]), json.loads(fields["data"]))
            fields = {}


async def take(events: AsyncIterator[Event], count: int = 1) -> list[Event]:
    async with asyncio.timeout(WAIT_SECONDS):
        return [await anext(events) for _ in range(count)]


async def ring(settings: Settings, *members: UUID) -> None:
    """The worker's bell."""
    async with aioredis.Redis.from_url(str(settings.redis_url)) as redis:
        await redis.publish(f"{settings.topic_prefix}laurel:changed", json.dumps([str(member) for member in members]))


async def award(rows: Pool) -> None:
    """What the worker does with what is in the outbox."""
    payloads = await rows.fetch("select event_id, payload from outbox where topic = 'transaction.recorded' order by id")
    events = [Incoming(row["event_id"], TransactionRecorded.model_validate_json(row["payload"])) for row in payloads]
    async with rows.acquire() as conn, conn.transaction():
        await award_transactions(conn, events, system_clock, Rulesets())


async def test_a_change_is_pushed_to_its_member_only(
    client: Client, settings: Settings, shop: Shop, rows: Pool
) -> None:
    async with rows.acquire() as conn:
        other = await add_member(conn)
    mine, theirs = client.as_member(shop.member_id), client.as_member(other)
    async with listening(mine) as events, listening(theirs) as others:
        first = await take(events)
        await take(others)
        assert (first[0].name, first[0].version, first[0].data["available"]) == ("points.changed", 0, 0)

        async with rows.acquire() as conn:
            await give_points(conn, shop.member_id, 40)
        await ring(settings, shop.member_id, other)
        changed = await take(events)
        assert (changed[0].name, changed[0].data["available"]) == ("points.changed", 40)
        assert changed[0].version == changed[0].data["version"] == 1

        async with rows.acquire() as conn:
            await give_points(conn, other, 7)
        await ring(settings, other)
        assert (await take(others))[0].data["available"] == 7


async def test_an_award_is_pushed_with_the_balance_it_left(
    client: Client, settings: Settings, shop: Shop, rows: Pool
) -> None:
    member = client.as_member(shop.member_id)
    async with listening(member) as events:
        await take(events)
        made = [(await member.post("/transaction", shop.purchase())).body["transaction_id"] for _ in range(3)]
        await award(rows)
        await ring(settings, shop.member_id)
        pushed = await take(events, 4)
    assert [event.name for event in pushed] == ["transaction.awarded"] * 3 + ["points.changed"]
    assert [event.data.get("transaction_id") for event in pushed[:3]] == made
    assert [event.version for event in pushed] == [1, 2, 3, 3]


async def test_a_connection_resumes_where_it_broke_off_at_any_process(
    client: Client, settings: Settings, shop: Shop, rows: Pool
) -> None:
    member = client.as_member(shop.member_id)
    made = [(await member.post("/transaction", shop.purchase())).body["transaction_id"] for _ in range(5)]
    await award(rows)
    async with (
        serving(create_app(settings)) as url,
        client_of(url, PREFIX) as elsewhere,
        listening(elsewhere.as_member(shop.member_id), last_event_id="2") as events,
    ):
        missed = await take(events, 4)
    assert [event.data.get("transaction_id") for event in missed[:3]] == made[2:]
    assert missed[3].name == "points.changed"


async def test_many_missed_changes_come_whole_and_in_order(client: Client, shop: Shop, rows: Pool) -> None:
    member = client.as_member(shop.member_id)
    for _ in range(23):
        replies = await asyncio.gather(*[member.post("/transaction", shop.purchase()) for _ in range(10)])
        assert {reply.status for reply in replies} == {201}
    await award(rows)
    async with listening(member, last_event_id="0") as events:
        missed = await take(events, 231)
    assert [event.version for event in missed] == [*range(1, 231), 230]
    assert missed[-1].name == "points.changed"


async def test_the_first_event_is_the_state_even_when_nothing_was_missed(client: Client, shop: Shop) -> None:
    async with listening(client.as_member(shop.member_id), last_event_id="0") as events:
        assert [(event.name, event.version) for event in await take(events)] == [("points.changed", 0)]


async def test_without_redis_changes_arrive_by_looking(
    database_url: str, redis_url: str, shop: Shop, rows: Pool
) -> None:
    async with proxied(redis_url) as (url, proxy):
        settings = settings_for(database_url, url)
        async with (
            serving(create_app(settings)) as api,
            client_of(api, PREFIX) as client,
            listening(client.as_member(shop.member_id)) as events,
        ):
            await take(events)
            await proxy.cut()
            for points in (5, 10):
                async with rows.acquire() as conn:
                    await give_points(conn, shop.member_id, points)
                changed = await take(events)
            assert changed[0].data["available"] == 15
            await proxy.mend()


async def test_without_the_database_changes_arrive_when_it_is_back(
    database_url: str, redis_url: str, shop: Shop, rows: Pool
) -> None:
    async with proxied(database_url) as (url, proxy):
        settings = settings_for(url, redis_url)
        async with (
            serving(create_app(settings)) as api,
            client_of(api, PREFIX) as client,
            listening(client.as_member(shop.member_id)) as events,
        ):
            await take(events)
            await proxy.cut()
            async with rows.acquire() as conn:
                await give_points(conn, shop.member_id, 5)
            await ring(settings, shop.member_id)
            await proxy.mend()
            assert (await take(events))[0].data["available"] == 5


async def test_a_bell_that_makes_no_sense_does_no_harm(
    client: Client, settings: Settings, shop: Shop, rows: Pool
) -> None:
    async with listening(client.as_member(shop.member_id)) as events:
        await take(events)
        async with aioredis.Redis.from_url(str(settings.redis_url)) as redis:
            for message in ("", "{}", "[1]", '["x"]', "\x00", f'["{new_id()}"]'):
                await redis.publish(f"{settings.topic_prefix}laurel:changed", message)
        async with rows.acquire() as conn:
            await give_points(conn, shop.member_id, 5)
        await ring(settings, shop.member_id)
        assert (await take(events))[0].data["available"] == 5


async def test_a_quiet_stream_outlives_the_time_an_answer_may_take(settings: Settings, shop: Shop) -> None:
    hasty = settings.model_copy(update={"response_timeout_seconds": 0.5})
    async with serving(create_app(hasty)) as url, client_of(url, PREFIX) as client:
        headers = {"Authorization": f"Bearer {client.as_member(shop.member_id).token}"}
        async with client.session.get(url + PREFIX + "/events", headers=headers) as answer:
            heartbeats = 0
            async with asyncio.timeout(WAIT_SECONDS):
                while heartbeats < 6:
                    heartbeats += (await answer.content.readline()).startswith(b":")


async def test_a_stream_ends_when_its_token_does(client: Client, shop: Shop) -> None:
    token = mint_access_token(SIGNING_KEY, shop.member_id, "customer", seconds=3)
    async with asyncio.timeout(WAIT_SECONDS), listening(client.signed_in(token)) as events:
        names = [event.name async for event in events]
    assert names == ["points.changed"]


async def test_streams_end_when_the_server_stops(start_api: StartApi, shop: Shop) -> None:
    process, client = await start_api()
    async with listening(client.as_member(shop.member_id)) as events:
        await take(events)
        process.send(signal.SIGTERM)
        async with asyncio.timeout(WAIT_SECONDS):
            assert [event async for event in events] == []
    assert process.stop() == 0


async def test_a_member_has_so_many_streams_and_no_more(client: Client, shop: Shop) -> None:
    member = client.as_member(shop.member_id)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CONNECTIONS_PER_MEMBER_LIMIT):
            await take(await stack.enter_async_context(listening(member)))
        refused = await member.get("/events")
    assert (refused.status, refused.code) == (429, "rate_limited")


@pytest.mark.parametrize("bad", ["x", "-1", "1.5", "9" * 19, "１"])
async def test_an_event_id_that_is_none_is_refused(client: Client, shop: Shop, bad: str) -> None:
    reply = await client.as_member(shop.member_id).get("/events", **{"Last-Event-ID": bad})
    assert (reply.status, reply.pointers) == (422, ["/Last-Event-ID"])


async def test_a_stream_that_was_left_is_forgotten(client: Client, shop: Shop, eventually: Eventually) -> None:
    member = client.as_member(shop.member_id)
    for _ in range(CONNECTIONS_PER_MEMBER_LIMIT):
        async with listening(member) as events:
            await take(events)

    async def none_is_open() -> bool:
        metrics = str((await client.outside().get("/metrics")).body)
        return 'laurel_http_event_streams{api="customer"} 0.0' in metrics

    assert await eventually(none_is_open)
