"""Webhooks, from the route that makes one to a receiver that is there, away, slow, or somewhere it must not be."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from agents.metrics import WorkerMetrics
from agents.webhook_client import PublicResolver, open_session
from agents.webhooks import Courier, keep_delivering
from loyalty.clock import new_id, system_clock
from loyalty.domain.webhook import RETRY_AFTER, networks, sign
from loyalty.services.delivering_webhooks import forget_old_deliveries, hand_out_events
from loyalty.services.events import emit, outgoing
from loyalty.services.secret_box import SecretBox, SecretUnreadable
from loyalty.settings import Settings
from loyalty.store.database import Connection
from schemas.events import MemberErased, PointsExpired
from tests.support.admin_api import AdminApi, admin_api
from tests.support.receiver import receiving
from tests.support.rows import laurel_pool
from tests.support.waiting import eventually

LOOPBACK = "127.0.0.0/8"


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url, webhook_allowed_networks=LOOPBACK) as running:
        yield running


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Post:
    """A courier on a session of its own, whose clock the test sets."""

    conn: Connection
    courier: Courier
    clock: Clock

    async def look(self, **later: float) -> None:
        """One look after some time, and the end of all that it began to send."""
        self.clock.now += timedelta(**later)
        async with asyncio.TaskGroup() as sends:
            await self.courier.look(sends)

    async def emit(self, *events: Any) -> None:
        async with self.conn.transaction():
            await emit(self.conn, [outgoing(one, event_id=new_id(), occurred_at=self.clock.now) for one in events])


@pytest.fixture
async def post(api: AdminApi, database_url: str) -> AsyncIterator[Post]:
    clock = Clock()
    async with (
        laurel_pool(database_url) as pool,
        pool.acquire() as conn,
        open_session(api.settings.webhook_networks) as session,
    ):
        yield Post(conn, Courier(conn, session, api.settings, WorkerMetrics(), clock), clock)


def erased() -> MemberErased:
    return MemberErased(member_id=new_id(), erased_at=datetime.now(UTC))


def expired() -> PointsExpired:
    return PointsExpired(member_id=new_id(), points=5, available_after=0, expired_at=datetime.now(UTC))


async def create(api: AdminApi, url: str, *event_types: str) -> dict[str, Any]:
    reply = await api.admin.post("/webhooks", {"url": url, "event_types": event_types or ["*"]})
    assert reply.status == 201
    body: dict[str, Any] = reply.body
    return body


async def delivery_of(api: AdminApi, webhook: dict[str, Any]) -> dict[str, Any]:
    """The newest delivery with its log."""
    listed = (await api.admin.get(f"/webhooks/{webhook['webhook_id']}/deliveries")).body["data"]
    found: dict[str, Any] = (await api.admin.get(f"/webhook-deliveries/{listed[0]['delivery_id']}")).body
    return found


async def test_an_endpoint_is_told_what_it_chose_signed(api: AdminApi, post: Post) -> None:
    before, chosen, other = erased(), erased(), expired()
    await post.emit(before)
    async with receiving() as receiver:
        webhook = await create(api, receiver.url, "member.erased")
        await post.emit(other, chosen)
        await post.look()
        await post.look()
    assert receiver.events == [("member.erased", str(chosen.member_id))]
    [(headers, body)] = receiver.got
    delivery = await delivery_of(api, webhook)
    assert headers["webhook-id"] == delivery["delivery_id"]
    expected = sign([webhook["secret"]], headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected
    assert (delivery["status"], delivery["attempts"]) == ("delivered", 1)
    assert (delivery["log"][0]["status"], delivery["log"][0]["answer"]) == (204, "")
    stored = await post.conn.fetchval("select secret from webhook_endpoint")
    assert webhook["secret"] not in stored
    assert "secret" not in (await api.admin.get(f"/webhooks/{webhook['webhook_id']}")).body


async def test_no_event_is_passed_over_however_late_it_commits(api: AdminApi, post: Post, database_url: str) -> None:
    async with receiving() as receiver, laurel_pool(database_url) as pool, pool.acquire() as slow:
        await create(api, receiver.url)
        early, late = erased(), erased()
        writing = slow.transaction()
        await writing.start()
        await emit(slow, [outgoing(late, event_id=new_id(), occurred_at=post.clock.now)])
        await post.emit(early)
        await post.look()
        assert [member for _, member in receiver.events] == [str(early.member_id)]
        await writing.commit()
        await post.look()
        await post.look()
    assert [member for _, member in receiver.events] == [str(early.member_id), str(late.member_id)]


async def test_any_history_of_commits_is_handed_out_once(api: AdminApi, post: Post, database_url: str) -> None:
    """Random transactions, open for a while or rolled back, between looks: what committed is told once, all of it."""
    rng = random.Random(7)
    committed: list[str] = []
    webhook = await create(api, "https://example.com/hook")
    async with laurel_pool(database_url, size=6) as pool, contextlib.AsyncExitStack() as stack:
        open_ones: list[tuple[Any, Any, list[str]]] = []
        free = [await stack.enter_async_context(pool.acquire()) for _ in range(5)]
        for _ in range(120):
            if free and rng.random() < 0.6:
                conn = free.pop()
                writing, wrote = conn.transaction(), [erased() for _ in range(rng.randrange(1, 4))]
                await writing.start()
                await emit(conn, [outgoing(one, event_id=new_id(), occurred_at=post.clock.now) for one in wrote])
                open_ones.append((conn, writing, [str(one.member_id) for one in wrote]))
            elif open_ones:
                conn, writing, members = open_ones.pop(rng.randrange(len(open_ones)))
                commits = rng.random() < 0.8
                await (writing.commit() if commits else writing.rollback())
                committed += members if commits else []
                free.append(conn)
            if rng.random() < 0.3:
                async with post.conn.transaction():
                    await hand_out_events(post.conn, post.clock)
        for _, writing, _members in open_ones:
            await writing.rollback()
        async with post.conn.transaction():
            assert await hand_out_events(post.conn, post.clock) is False
    told = await post.conn.fetch(
        "select convert_from(payload, 'utf8')::json ->> 'member_id' as member from webhook_delivery "
        "where endpoint_id = $1",
        UUID(webhook["webhook_id"]),
    )
    assert sorted(row["member"] for row in told) == sorted(committed)
    assert len(committed) > 30


async def test_a_failed_attempt_comes_again_at_its_time_with_the_same_id(api: AdminApi, post: Post) -> None:
    async with receiving(500, 302, 204) as receiver:
        webhook = await create(api, receiver.url)
        await post.emit(erased())
        await post.look()
        await post.look(seconds=4)
        assert len(receiver.got) == 1
        await post.look(seconds=2)
        await post.look(minutes=6)
        await post.look(hours=1)
    assert len(receiver.got) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    delivery = await delivery_of(api, webhook)
    assert [attempt["status"] for attempt in delivery["log"]] == [500, 302, 204]
    assert (await api.admin.get(f"/webhooks/{webhook['webhook_id']}")).body["failing_since"] is None


async def test_an_endpoint_that_fails_for_days_is_given_up_and_taken_up_again(api: AdminApi, post: Post) -> None:
    async with receiving() as receiver:
        pass  # nobody listens there any more
    webhook = await create(api, receiver.url)
    await post.emit(erased())
    for _ in range(len(RETRY_AFTER) + 1):
        await post.look(hours=27)
    delivery = await delivery_of(api, webhook)
    assert delivery["status"] in ("failed", "pending")
    assert delivery["log"][0]["status"] is None
    assert delivery["log"][0]["error"]
    path = f"/webhooks/{webhook['webhook_id']}"
    given_up = (await api.admin.get(path)).body
    assert given_up["active"] is False
    assert "has failed since" in given_up["disabled_reason"]
    refused = await api.admin.post(f"{path}/ping")
    assert (refused.status, refused.code) == (409, "webhook_inactive")
    async with receiving() as back:
        again = await api.admin.patch(path, {"active": True, "url": back.url})
        assert (again.body["disabled_reason"], again.body["failing_since"]) == (None, None)
        assert (await api.admin.post(f"/webhook-deliveries/{delivery['delivery_id']}/redeliver")).status == 202
        post.clock.now = system_clock() + timedelta(seconds=1)
        await post.look()
    assert [kind for kind, _ in back.events] == ["member.erased"]


async def test_an_endpoint_that_says_gone_is_told_nothing_more(api: AdminApi, post: Post) -> None:
    async with receiving(410) as receiver:
        webhook = await create(api, receiver.url)
        await post.emit(erased())
        await post.look()
        await post.emit(erased())
        await post.look(days=1)
    assert len(receiver.got) == 1
    assert "410" in (await api.admin.get(f"/webhooks/{webhook['webhook_id']}")).body["disabled_reason"]


async def test_a_new_secret_and_the_old_one_sign_together_for_a_while(api: AdminApi, post: Post) -> None:
    async with receiving() as receiver:
        webhook = await create(api, receiver.url)
        path = f"/webhooks/{webhook['webhook_id']}"
        rotated = (await api.admin.post(f"{path}/rotate-secret", {"overlap_seconds": 3600})).body
        for later in ({"seconds": 1}, {"hours": 2}):
            await api.admin.post(f"{path}/ping")
            await post.look(**later)
    first, second = (headers["webhook-signature"].split(" ") for headers, _ in receiver.got)
    assert (len(first), len(second)) == (2, 1)
    headers, body = receiver.got[0]
    old_and_new = [rotated["secret"], webhook["secret"]]
    assert sign(old_and_new, headers["webhook-id"], int(headers["webhook-timestamp"]), body).split(" ") == first
    assert receiver.events[0][0] == "webhook.ping"


async def test_one_that_does_not_answer_holds_up_nobody_else(api: AdminApi, post: Post) -> None:
    async with receiving() as slow, receiving() as quick:
        slow.hold = asyncio.Event()
        await create(api, slow.url)
        await create(api, quick.url)
        await post.emit(*[erased() for _ in range(12)])
        async with asyncio.TaskGroup() as sends:
            for expected in (5, 10, 12):
                await post.courier.look(sends)
                await eventually(lambda expected=expected: len(quick.got) == expected, 20)  # type: ignore[misc]
            assert len(slow.got) == 5
            slow.hold.set()
        await post.look()
        await post.look()
        assert len(slow.got) == 12


@pytest.mark.parametrize("host", ["localhost", "localhost.", "ip6-localhost"])
async def test_a_name_that_leads_home_is_not_called(host: str) -> None:
    with pytest.raises(OSError):
        await PublicResolver(()).resolve(host, 443)


async def test_an_address_that_was_allowed_once_is_judged_again_when_it_is_called(api: AdminApi, post: Post) -> None:
    async with receiving() as receiver:
        webhook = await create(api, receiver.url)
        await post.emit(erased())
        strict = Settings.model_validate({**api.settings.model_dump(), "webhook_allowed_networks": ""})
        async with open_session(networks("")) as session, asyncio.TaskGroup() as sends:
            await Courier(post.conn, session, strict, WorkerMetrics(), post.clock).look(sends)
    assert receiver.got == []
    assert (await delivery_of(api, webhook))["log"][0]["error"] == "This address is not public"


async def test_what_is_refused(api: AdminApi) -> None:
    for body, pointer in (
        ({"url": "https://10.0.0.1/hook"}, "/url"),
        ({"url": "http://example.com/hook"}, "/url"),
        ({"url": "https://example.com/", "event_types": ["points.stolen"]}, "/event_types"),
        ({"url": "https://example.com/", "event_types": []}, "/event_types"),
    ):
        reply = await api.admin.post("/webhooks", body)
        assert (reply.status, reply.pointers) == (422, [pointer]), body
    nobody = "01890000-0000-7000-8000-000000000000"
    assert (await api.admin.get(f"/webhooks/{nobody}/deliveries")).status == 404
    assert (await api.admin.post(f"/webhook-deliveries/{nobody}/redeliver")).status == 404


async def test_what_was_delivered_is_forgotten_in_the_end(api: AdminApi, post: Post) -> None:
    async with receiving() as receiver:
        webhook = await create(api, receiver.url)
        await post.emit(erased())
        await post.look()
    assert await forget_old_deliveries(post.conn, post.clock) == 0
    post.clock.now += timedelta(days=31)
    assert await forget_old_deliveries(post.conn, post.clock) == 1
    assert (await api.admin.get(f"/webhooks/{webhook['webhook_id']}/deliveries")).body["data"] == []
    assert (await api.admin.send("DELETE", f"/webhooks/{webhook['webhook_id']}")).status == 204


async def test_a_lost_session_ends_the_leadership_and_nothing_else(api: AdminApi, database_url: str) -> None:
    """The leader's connection is cut while a message is on its way: it is sent again, with the same id."""
    settings = Settings.model_validate({**api.settings.model_dump(), "worker_webhooks_every_seconds": 0.05})
    async with receiving() as receiver, laurel_pool(database_url) as pool:
        receiver.hold = asyncio.Event()
        webhook = await create(api, receiver.url)
        work = asyncio.create_task(keep_delivering(pool, settings, WorkerMetrics(), system_clock))
        try:
            await api.admin.post(f"/webhooks/{webhook['webhook_id']}/ping")
            await eventually(lambda: receiver.got, 20)
            async with api.pool.acquire() as conn:
                cut = await conn.fetchval(
                    "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' "
                    "and database = (select oid from pg_database where datname = current_database())"
                )
            assert cut == 1
            receiver.hold.set()
            await eventually(lambda: len(receiver.got) == 2, 20)
            assert not work.done()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_a_secret_is_read_with_its_own_key_alone() -> None:
    box, other = SecretBox(SecretStr("a" * 43)), SecretBox(SecretStr("b" * 43))
    stored = box.encrypt("whsec_secret")
    assert "whsec_secret" not in stored
    assert stored != box.encrypt("whsec_secret")
    assert box.decrypt(stored) == "whsec_secret"
    for opened_by, text in ((other, stored), (box, stored[:-2]), (box, "")):
        with pytest.raises(SecretUnreadable):
            opened_by.decrypt(text)
