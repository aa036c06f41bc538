"""The replay's client: what it sends again, what it does not, and what it says when patience ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from cli.journey.client import ApiClient, GaveUp, open_session
from tests.support.fake_customer_api import FakeCustomerApi, serving

MEMBER = UUID(int=7)
PATH = "/api/customer/transaction"


@pytest.fixture
async def fake() -> AsyncIterator[FakeCustomerApi]:
    async with serving(FakeCustomerApi()) as running:
        yield running


@pytest.fixture
async def client(fake: FakeCustomerApi) -> AsyncIterator[ApiClient]:
    async with open_session(4) as session:
        yield ApiClient(session, [fake.url], lambda member: f"token-of-{member.int}", patience_seconds=10)


async def test_it_sends_the_key_and_the_members_token(fake: FakeCustomerApi, client: ApiClient) -> None:
    answer = await client.post(MEMBER, PATH, {"amount": "1.00"}, "basket-1")
    assert (answer.status, answer.attempts, answer.is_new) == (201, 1, True)
    assert fake.requests == [(PATH, "Bearer token-of-7", "basket-1", b'{"amount":"1.00"}')]


@pytest.mark.parametrize("status", [429, 502, 503, 504, 0])
async def test_what_may_be_lost_is_sent_again_the_same(fake: FakeCustomerApi, client: ApiClient, status: int) -> None:
    fake.answers = [(status, {}), (status, {})]
    answer = await client.post(MEMBER, PATH, {"amount": "1.00"}, "basket-1")
    assert (answer.status, answer.attempts) == (201, 3)
    assert len(set(fake.requests)) == 1
    assert sum(client.retries_by_cause.values()) == 2


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 413, 422, 500])
async def test_an_answer_that_would_not_change_is_taken(fake: FakeCustomerApi, client: ApiClient, status: int) -> None:
    fake.answers = [(status, {})]
    answer = await client.post(MEMBER, PATH, {}, "basket-1")
    assert (answer.status, answer.attempts, answer.is_new) == (status, 1, False)


@pytest.mark.parametrize("text", ["<html>not ours</html>", "[1, 2]"])
async def test_an_answer_that_is_not_laurels_is_kept_as_it_came(
    fake: FakeCustomerApi, client: ApiClient, text: str
) -> None:
    fake.answers, fake.text = [(404, {})], text
    answer = await client.get(MEMBER, PATH)
    assert (answer.status, answer.body) == (404, {"detail": text})


async def test_it_waits_as_long_as_the_server_asks(fake: FakeCustomerApi, client: ApiClient) -> None:
    fake.answers = [(429, {"Retry-After": "1"})]
    before = (await client.get(MEMBER, PATH)).at
    fake.answers = [(429, {"Retry-After": "1"})]
    assert (await client.get(MEMBER, PATH)).at - before >= 1


async def test_an_answer_given_before_is_not_new(fake: FakeCustomerApi, client: ApiClient) -> None:
    fake.answers = [(201, {"Idempotency-Replayed": "true"})]
    assert not (await client.post(MEMBER, PATH, {}, "basket-1")).is_new


async def test_an_answer_replayed_to_a_second_attempt_is_ours(fake: FakeCustomerApi, client: ApiClient) -> None:
    fake.answers = [(0, {}), (201, {"Idempotency-Replayed": "true"})]
    assert (await client.post(MEMBER, PATH, {}, "basket-1")).is_new


async def test_it_takes_turns_between_processes(fake: FakeCustomerApi) -> None:
    async with open_session(2) as session:
        client = ApiClient(session, ["http://127.0.0.1:1", fake.url], str, patience_seconds=10)
        answers = [await client.post(UUID(int=member), PATH, {}, f"key-{member}") for member in range(2)]
    assert sorted(answer.attempts for answer in answers) == [1, 2]


async def test_it_says_why_it_gave_up() -> None:
    async with open_session(1) as session:
        client = ApiClient(session, ["http://127.0.0.1:1"], str, patience_seconds=0)
        with pytest.raises(GaveUp, match=r"^/there: no answer in 1 attempts; the last one: ClientConnector"):
            await client.get(MEMBER, "/there")
