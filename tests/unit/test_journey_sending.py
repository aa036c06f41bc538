"""A basket becomes one request of its member, each is counted once, and members' baskets keep their order."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cli.journey.baskets import read_baskets, read_participants
from cli.journey.client import Answer, ApiClient, open_session
from cli.journey.sending import Shoppers, Tally, send_baskets, to_dollars, transaction_body
from cli.journey.watching import Latencies
from tests.support.fake_customer_api import FakeCustomerApi, serving

BASKETS = 300


def _answer(status: int, *, replayed: bool = False, attempts: int = 1, **body: object) -> Answer:
    return Answer(status, body, replayed, attempts, 0.0)


def test_answers_are_counted_by_what_they_mean() -> None:
    tally = Tally()
    tally.count(_answer(201))
    tally.count(_answer(201, replayed=True, attempts=2))
    tally.count(_answer(201, replayed=True))
    tally.count(_answer(200))
    tally.count(_answer(409, code="external_id_reused"))
    tally.count(_answer(409, code="external_id_reused", detail="the second"))
    tally.count(_answer(500))
    assert (tally.recorded, tally.already_recorded) == (2, 2)
    assert tally.rejections == {"external_id_reused": 2, "500": 1}
    assert tally.examples["external_id_reused"] == {"code": "external_id_reused"}


@given(st.integers(min_value=0, max_value=10**12))
def test_cents_are_written_as_exact_dollars(cents: int) -> None:
    text = to_dollars(cents)
    assert Decimal(text) * 100 == cents
    assert len(text.partition(".")[2]) == 2


def test_lines_sum_to_the_amount() -> None:
    for basket in read_baskets(BASKETS):
        body = transaction_body(basket, UUID(int=1))
        assert sum(Decimal(item["amount"]) for item in body["items"]) == Decimal(body["amount"])
        assert (body["external_id"], body["currency"]) == (str(basket.basket_id), "USD")
        assert body["occurred_at"].endswith("Z")


async def test_every_basket_is_sent_once_and_in_order_for_its_member() -> None:
    households, stores = read_participants(BASKETS)
    shoppers = Shoppers({one: UUID(int=one) for one in households}, {one: UUID(int=one) for one in stores})
    fake = FakeCustomerApi(answers=[(503, {}), (0, {})] * 5)
    async with serving(fake), open_session(8) as session:
        client = ApiClient(session, [fake.url], str)
        done: list[None] = []
        tally = await send_baskets(
            client, read_baskets(BASKETS), shoppers, Latencies(frozenset()), 8, lambda: done.append(None)
        )
    assert (tally.recorded, len(done)) == (BASKETS, BASKETS)
    sent: dict[str, list[str]] = defaultdict(list)
    for _, token, _, body in fake.requests:
        external_id = json.loads(body)["external_id"]
        if external_id not in sent[token]:
            sent[token].append(external_id)
    expected: dict[str, list[str]] = defaultdict(list)
    for basket in read_baskets(BASKETS):
        expected[f"Bearer {UUID(int=basket.household_id)}"].append(str(basket.basket_id))
    assert sent == expected
