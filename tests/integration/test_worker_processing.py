"""Carrying batches through: what is away is waited out, what is bad is set aside, the rest is done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from agents.flows import earning_flow, redeeming_flow
from agents.metrics import WorkerMetrics
from agents.processing import Flow, Processor
from agents.records import Record, id_by_place
from loyalty.clock import new_id, system_clock
from loyalty.errors import NotFound
from loyalty.services import dead_letters
from loyalty.services.dead_letters import DeadLetterResolved, NotRequeueable, TooManyDeadLetters
from loyalty.services.earning import Recorded
from loyalty.services.incoming import Handled
from loyalty.store.database import Connection, Pool
from tests.support.rows import BASE_RULE, add_member, add_merchant, add_rule, add_transactions, laurel_pool, recorded

LIMIT = 5


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


class Rung:
    """Whom the bell was rung for."""

    def __init__(self) -> None:
        self.members: set[UUID] = set()

    def ring(self, members: frozenset[UUID]) -> None:
        self.members |= members


def processor(pool: Pool, flow: Flow, rung: Rung | None = None) -> Processor:
    return Processor(
        flow,
        pool,
        clock=system_clock,
        dead_letters_per_hour=LIMIT,
        on_changed=(rung or Rung()).ring,
        metrics=WorkerMetrics().of_flow(flow.consumer),
    )


def record_of(event: Recorded, offset: int) -> Record:
    headers = {"ce_id": str(event.event_id).encode()}
    body = event.body
    return Record(
        "transaction.recorded", 0, offset, str(body.member_id).encode(), body.model_dump_json().encode(), headers
    )


def garbage(offset: int, value: bytes | None = b"\x00\xff{", **headers: bytes) -> Record:
    return Record("transaction.recorded", 0, offset, b"\xff", value, headers)


async def purchases(pool: Pool, count: int) -> list[Recorded]:
    async with pool.acquire() as conn, conn.transaction():
        await add_rule(conn, BASE_RULE)
        member_id = await add_member(conn)
        ids = await add_transactions(conn, member_id, await add_merchant(conn), count)
    return [recorded(member_id, transaction_id) for transaction_id in ids]


async def test_the_bad_are_set_aside_and_the_good_are_done_in_order(pool: Pool) -> None:
    events = await purchases(pool, 60)
    records = [record_of(event, offset) for offset, event in enumerate(events)]
    stranger = recorded(new_id(), new_id())
    records[7:7] = [garbage(100), record_of(stranger, 101)]
    records.append(garbage(102, None))
    rung = Rung()
    await processor(pool, earning_flow(system_clock), rung).process(records)
    seqs = await pool.fetch("select event_id from journal_entry order by seq")
    assert [row["event_id"] for row in seqs] == [event.event_id for event in events]
    assert rung.members == {events[0].body.member_id}
    letters = await pool.fetch("select record_offset, error_kind, event_id from dead_letter order by record_offset")
    assert [(row["record_offset"], row["error_kind"]) for row in letters] == [
        (100, "Undecodable"),
        (101, "not_found"),
        (102, "Undecodable"),
    ]
    assert [row["event_id"] for row in letters][:2] == [id_by_place(garbage(100)), stranger.event_id]


async def test_what_was_set_aside_does_nothing_when_it_comes_again(pool: Pool) -> None:
    earning = processor(pool, earning_flow(system_clock))
    records = [garbage(1), record_of(recorded(new_id(), new_id()), 2)]
    await earning.process(records)
    await earning.process(records)
    assert await pool.fetchval("select count(*) from dead_letter") == 2


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"member_id": "x"}',
        "\ud800".encode("utf-8", "surrogatepass"),
        b'{"a":' * 5000,
        b"\x00" * 1000,
    ],
)
@pytest.mark.parametrize("flow_of", [earning_flow, redeeming_flow])
async def test_any_garbage_is_kept_as_it_came(pool: Pool, value: bytes, flow_of: Callable[..., Flow]) -> None:
    await processor(pool, flow_of(system_clock)).process([garbage(1, value, odd=b"\x00\xfe", ce_id=b"\x00")])
    kept = await pool.fetchrow("select payload, key, headers from dead_letter")
    assert kept is not None
    assert (kept["payload"], kept["key"]) == (value, b"\xff")
    assert kept["headers"]["odd"] == "\\0\\xfe"


async def test_an_id_that_is_not_the_bodys_own_is_refused(pool: Pool) -> None:
    (event,) = await purchases(pool, 1)
    forged = record_of(event, 1)
    await processor(pool, earning_flow(system_clock)).process(
        [Record(forged.topic, 0, 1, forged.key, forged.value, {"ce_id": str(new_id()).encode()}), forged]
    )
    assert await pool.fetchval("select error_kind from dead_letter") == "Undecodable"
    assert await pool.fetchval("select count(*) from award") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "-1.00"},
        {"amount": "1.005"},
        {"currency": "XQQ"},
        {"amount": "999999999999999.99"},
    ],
)
async def test_a_purchase_that_makes_no_sense_is_set_aside(pool: Pool, changes: dict[str, str]) -> None:
    events = await purchases(pool, 3)
    senseless = recorded(events[0].body.member_id, new_id())
    body = senseless.body.model_copy(update=changes)
    records = [record_of(event, offset) for offset, event in enumerate(events)]
    bad = Record("transaction.recorded", 0, 9, b"k", body.model_dump_json().encode(), {})
    await processor(pool, earning_flow(system_clock)).process([*records[:1], bad, *records[1:]])
    assert await pool.fetchval("select count(*) from award") == 3
    assert await pool.fetchval("select event_id from dead_letter") == senseless.event_id


async def test_more_points_than_can_be_booked_are_set_aside_and_not_tried_for_ever(pool: Pool) -> None:
    events = await purchases(pool, 3)
    async with pool.acquire() as conn:
        await add_rule(
            conn, BASE_RULE | {"effect": {"type": "points_per_amount", "points": "1000000", "per": "0.0001"}}
        )
    body = events[1].body.model_copy(update={"amount": "999999999999999.99"})
    records = [record_of(event, offset) for offset, event in enumerate(events)]
    records[1] = Record("transaction.recorded", 0, 1, b"k", body.model_dump_json().encode(), {})
    await asyncio.wait_for(processor(pool, earning_flow(system_clock)).process(records), 20)
    assert await pool.fetchval("select event_id from dead_letter") == events[1].event_id
    assert await pool.fetchval("select count(*) from award") == 2


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(("header", "kept"), [(TRACE.encode(), TRACE), (b"not a trace", None), (b"\xff\x00", None)])
async def test_a_trace_goes_on_into_the_ledger_and_the_outbox(pool: Pool, header: bytes, kept: str | None) -> None:
    (event,) = await purchases(pool, 1)
    sent = record_of(event, 1)
    traced = Record(sent.topic, 0, 1, sent.key, sent.value, {**sent.headers, "traceparent": header})
    await processor(pool, earning_flow(system_clock)).process([traced])
    assert await pool.fetchval("select traceparent from journal_entry") == kept
    assert await pool.fetchval("select traceparent from outbox") == kept


async def test_too_many_stop_the_worker_and_are_not_set_aside(pool: Pool) -> None:
    earning = processor(pool, earning_flow(system_clock))
    await earning.process([garbage(offset) for offset in range(LIMIT)])
    with pytest.raises(TooManyDeadLetters):
        await earning.process([garbage(99)])
    assert await pool.fetchval("select count(*) from dead_letter") == LIMIT
    assert await pool.fetchval("select count(*) from inbox") == LIMIT


async def test_resolved_and_old_ones_do_not_count_towards_the_limit(pool: Pool) -> None:
    def two_hours_ago() -> Any:
        return system_clock() - timedelta(hours=2)

    earning = processor(pool, earning_flow(system_clock))
    await earning.process([garbage(offset) for offset in range(LIMIT)])
    async with pool.acquire() as conn, conn.transaction():
        for row in await conn.fetch("select id from dead_letter limit 2"):
            await dead_letters.skip(conn, row["id"], two_hours_ago)
    await earning.process([garbage(50), garbage(51)])
    with pytest.raises(TooManyDeadLetters):
        await earning.process([garbage(52)])


async def test_connections_that_are_killed_are_waited_out(pool: Pool) -> None:
    events = await purchases(pool, 40)
    flow, killed = earning_flow(system_clock), 0

    async def award_after_a_few_kills(conn: Connection, records: Sequence[Record]) -> Handled:
        nonlocal killed
        handled = await flow.effect(conn, records)
        if killed < 3:
            killed += 1
            await pool.execute("select pg_terminate_backend($1)", conn.get_server_pid())
        return handled

    shaky = Flow(flow.consumer, flow.topic, award_after_a_few_kills, flow.event_id_of)
    await processor(pool, shaky).process([record_of(event, offset) for offset, event in enumerate(events)])
    assert killed == 3
    assert await pool.fetchval("select count(*) from award") == 40
    assert await pool.fetchval("select count(*) from dead_letter") == 0


async def test_a_lock_that_is_held_is_waited_out(database_url: str, pool: Pool) -> None:
    (event,) = await purchases(pool, 1)
    async with pool.acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute("select from wallet for update")
        async with laurel_pool(database_url, statement_timeout_seconds=0.2) as impatient:
            work = asyncio.create_task(processor(impatient, earning_flow(system_clock)).process([record_of(event, 1)]))
            await asyncio.wait([work], timeout=1)
            assert not work.done()
            await held.rollback()
            await work
    assert await pool.fetchval("select count(*) from award") == 1
    assert await pool.fetchval("select count(*) from dead_letter") == 0


async def test_a_batch_that_is_too_slow_is_done_in_smaller_ones(database_url: str, pool: Pool) -> None:
    events = await purchases(pool, 8)
    flow, sizes = earning_flow(system_clock), list[int]()

    async def award_slowly(conn: Connection, records: Sequence[Record]) -> Handled:
        sizes.append(len(records))
        await conn.execute("select pg_sleep($1)", 0.3 if len(records) > 2 else 0)
        return await flow.effect(conn, records)

    slow = Flow(flow.consumer, flow.topic, award_slowly, flow.event_id_of)
    async with laurel_pool(database_url, statement_timeout_seconds=0.2) as impatient:
        await processor(impatient, slow).process([record_of(event, n) for n, event in enumerate(events)])
    assert sizes == [8, 8, 8, 4, 4, 4, 2, 2, 4, 4, 4, 2, 2]
    assert await pool.fetchval("select count(*) from award") == 8


async def test_a_cancelled_batch_leaves_nothing(pool: Pool) -> None:
    events = await purchases(pool, 10)
    flow, reached = earning_flow(system_clock), asyncio.Event()

    async def award_and_hang(conn: Connection, records: Sequence[Record]) -> Handled:
        await flow.effect(conn, records)
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    hanging = Flow(flow.consumer, flow.topic, award_and_hang, flow.event_id_of)
    work = asyncio.create_task(processor(pool, hanging).process([record_of(event, 1) for event in events]))
    await reached.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await pool.fetchval("select count(*) from inbox") == 0


async def letter_of_a_stranger(pool: Pool) -> tuple[Recorded, UUID]:
    """An event of a member who is not there yet, set aside."""
    event = recorded(new_id(), new_id())
    await processor(pool, earning_flow(system_clock)).process([record_of(event, 1)])
    letter_id = await pool.fetchval("select id from dead_letter")
    return event, letter_id


async def test_a_requeued_event_is_sent_again_and_may_be_handled(pool: Pool) -> None:
    event, letter_id = await letter_of_a_stranger(pool)
    async with pool.acquire() as conn, conn.transaction():
        await dead_letters.requeue(conn, letter_id, system_clock)
    sent = await pool.fetchrow("select event_id, topic, key, payload from outbox")
    assert sent is not None
    assert (sent["event_id"], sent["topic"]) == (event.event_id, "transaction.recorded")
    assert (sent["key"], sent["payload"]) == (str(event.body.member_id), event.body.model_dump_json().encode())
    assert await pool.fetchval("select count(*) from inbox") == 0
    await processor(pool, earning_flow(system_clock)).process([record_of(event, 2)])
    resolutions = await pool.fetch("select resolution from dead_letter order by record_offset")
    assert [row["resolution"] for row in resolutions] == ["requeued", None]


async def test_a_dead_letter_is_resolved_once(pool: Pool) -> None:
    _, letter_id = await letter_of_a_stranger(pool)
    async with pool.acquire() as conn, conn.transaction():
        await dead_letters.skip(conn, letter_id, system_clock)
    for resolve in (dead_letters.skip, dead_letters.requeue):
        async with pool.acquire() as conn:
            with pytest.raises(DeadLetterResolved):
                await resolve(conn, letter_id, system_clock)
    async with pool.acquire() as conn:
        with pytest.raises(NotFound):
            await dead_letters.skip(conn, new_id(), system_clock)
    assert await pool.fetchval("select count(*) from outbox") == 0


async def test_what_is_no_event_cannot_be_requeued(pool: Pool) -> None:
    await processor(pool, earning_flow(system_clock)).process([garbage(1), garbage(2, None)])
    for row in await pool.fetch("select id from dead_letter"):
        async with pool.acquire() as conn:
            with pytest.raises(NotRequeueable):
                await requeue_in_a_transaction(conn, row["id"])
    assert await pool.fetchval("select count(*) from dead_letter where resolved_at is null") == 2


async def requeue_in_a_transaction(conn: Connection, letter_id: UUID) -> None:
    async with conn.transaction():
        await dead_letters.requeue(conn, letter_id, system_clock)
