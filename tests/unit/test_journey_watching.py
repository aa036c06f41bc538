"""Server-sent events as they come over the wire, resumed when they break off, and the latencies made of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.journey.client import ApiClient, open_session
from cli.journey.watching import Latencies, ServerEvent, parse_events, percentile, watching
from tests.support.fake_customer_api import FakeCustomerApi, serving
from tests.support.waiting import eventually

MEMBER = UUID(int=7)


async def _events(*lines: bytes) -> list[ServerEvent]:
    async def stream() -> AsyncIterator[bytes]:
        for line in lines:
            yield line

    return [event async for event in parse_events(stream())]


async def test_events_end_with_an_empty_line() -> None:
    events = await _events(b"id: 4\n", b"event: points.changed\n", b'data: {"a":1}\n', b"\n", b"data: cut off\n")
    assert events == [ServerEvent("4", "points.changed", '{"a":1}')]


async def test_comments_are_not_events_and_data_may_have_lines() -> None:
    events = await _events(b": still here\n", b"\n", b"data:one\r\n", b"data: two\r\n", b"\r\n")
    assert events == [ServerEvent(None, "message", "one\ntwo")]


async def test_a_stream_that_breaks_off_is_resumed_where_it_was() -> None:
    awarded = b'id: %d\nevent: transaction.awarded\ndata: {"transaction_id":"t-%d"}\n\n'
    async with (
        serving(FakeCustomerApi(streams=[[awarded % (1, 1)], [awarded % (2, 2)]])) as fake,
        open_session(2) as session,
    ):
        client = ApiClient(session, [fake.url], str)
        async with watching(client, [MEMBER]) as latencies:
            await eventually(lambda: len(latencies.seen) == 2)
    assert fake.resumed_from[:2] == [None, "1"]


def test_a_latency_runs_from_the_answer_to_the_award() -> None:
    latencies = Latencies(frozenset({MEMBER}))
    latencies.answer(MEMBER, "slow", 10.0)
    latencies.answer(MEMBER, "early", 10.0)
    latencies.answer(MEMBER, "never", 10.0)
    latencies.answer(UUID(int=8), "not watched", 10.0)
    latencies.see("slow", 10.25)
    latencies.see("slow", 99.0)
    latencies.see("early", 9.9)
    assert latencies.milliseconds() == [0.0, 250.0]
    assert latencies.unseen() == 1


@given(st.lists(st.integers(0, 1000), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_the_smallest_value_that_covers_its_share(values: list[int], share: float) -> None:
    ascending = sorted(float(value) for value in values)
    found = percentile(ascending, share)
    assert found is not None
    assert sum(value <= found for value in ascending) >= share * len(ascending) - 1e-9
    assert sum(value < found for value in ascending) < share * len(ascending)


def test_no_values_have_no_percentile() -> None:
    assert percentile([], 0.5) is None


async def test_watchers_end_with_their_context() -> None:
    async with serving(FakeCustomerApi()) as fake, open_session(2) as session:
        before = asyncio.all_tasks()
        with pytest.raises(ExceptionGroup) as caught:
            async with watching(ApiClient(session, [fake.url], str), []):
                raise RuntimeError("enough")
        assert caught.group_contains(RuntimeError, match="enough")
        assert asyncio.all_tasks() == before
