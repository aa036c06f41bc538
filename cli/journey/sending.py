"""Each basket as one POST of its member, in order per member."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from cli.journey.baskets import Basket, Line
from cli.journey.client import Answer, ApiClient
from cli.journey.lanes import in_lanes
from cli.journey.progress import Advance
from cli.journey.watching import Latencies

TRANSACTION_PATH = "/api/customer/transaction"
CURRENCY = "USD"
BASKETS_AT_A_TIME = 200


@dataclass(slots=True)
class Tally:
    """What the answers were. A purchase is refused under the problem's code, or its status where it has none.

    `examples` has the first refusal of each code, as the API put it.
    """

    recorded: int = 0
    already_recorded: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def count(self, answer: Answer) -> None:
        if answer.is_new:
            self.recorded += 1
        elif answer.status in (200, 201):
            self.already_recorded += 1
        else:
            code = str(answer.body.get("code", answer.status))
            self.rejections[code] += 1
            self.examples.setdefault(code, answer.body)


@dataclass(frozen=True, slots=True)
class Shoppers:
    """Who the households and stores are in Laurel."""

    members: Mapping[int, UUID]
    merchants: Mapping[int, UUID]


async def send_baskets(
    client: ApiClient,
    baskets: Iterator[Basket],
    shoppers: Shoppers,
    latencies: Latencies,
    concurrency: int,
    advance: Advance,
) -> Tally:
    """Send them all, at most `concurrency` at once. Raises GaveUp in an ExceptionGroup."""
    tally = Tally()

    async def send(basket: Basket) -> None:
        member_id = shoppers.members[basket.household_id]
        body = transaction_body(basket, shoppers.merchants[basket.store_id])
        answer = await client.post(member_id, TRANSACTION_PATH, body, f"replay-{basket.basket_id}")
        tally.count(answer)
        if answer.is_new:
            latencies.answer(member_id, answer.body["transaction_id"], answer.at)
        advance()

    await in_lanes(_in_thread(baskets), lambda basket: basket.household_id, send, concurrency)
    return tally


def transaction_body(basket: Basket, merchant_id: UUID) -> dict[str, Any]:
    """The basket as POST /transaction takes it."""
    return {
        "external_id": str(basket.basket_id),
        "occurred_at": basket.occurred_at.isoformat().replace("+00:00", "Z"),
        "amount": to_dollars(basket.amount_minor),
        "currency": CURRENCY,
        "merchant_id": str(merchant_id),
        "items": [_item(line) for line in basket.lines],
    }


def to_dollars(cents: int) -> str:
    """12.05 for 1205."""
    return f"{cents // 100}.{cents % 100:02d}"


def _item(line: Line) -> dict[str, Any]:
    return {
        "sku": str(line.product_id),
        "category": line.department,
        "quantity": line.quantity,
        "amount": to_dollars(line.amount_minor),
    }


async def _in_thread(baskets: Iterator[Basket]) -> AsyncIterator[Basket]:
    """The file is read beside the event loop, a few baskets at a time."""
    while some := await asyncio.to_thread(lambda: list(islice(baskets, BASKETS_AT_A_TIME))):
        for basket in some:
            yield basket
