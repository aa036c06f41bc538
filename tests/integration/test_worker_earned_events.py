"""What the worker says of an award is what the contract's model would say, byte by byte."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.clock import new_id, system_clock
from loyalty.services.earning import award_transactions
from loyalty.services.rulesets import Rulesets
from schemas.events import PointsEarned
from tests.support.rows import BASE_RULE, add_member, add_merchant, add_rule, add_transaction, laurel_pool, recorded

RULES: list[dict[str, Any]] = [
    BASE_RULE,
    {
        "name": "Dairy",
        "scope": {"type": "category", "values": ["dairy"]},
        "effect": {"type": "points_per_amount", "points": "3", "per": "1"},
    },
]


@pytest.mark.parametrize("terms", [{}, {"expiry": {"mode": "months", "months": 12}}, {"pending_days": 30}])
async def test_points_earned_is_as_the_model_would_write_it(database_url: str, terms: dict[str, Any]) -> None:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        for rule in RULES:
            await add_rule(conn, rule)
        await conn.execute("update program set points = $1", terms)
        member_id, merchant_id = await add_member(conn), await add_merchant(conn)
        item = {"sku": str(new_id()), "category": "dairy", "quantity": 1, "amount": "4.00"}
        events = [
            recorded(
                member_id, await add_transaction(conn, member_id, merchant_id), amount, items=items, at=system_clock()
            )
            for amount, items in (("10.00", (item,)), ("10.00", ()), ("0.10", ()))
        ]
        async with conn.transaction():
            await award_transactions(conn, events, system_clock, Rulesets())
        payloads = [row["payload"] for row in await conn.fetch("select payload from outbox order by id")]
    assert len(payloads) == len(events)
    for payload in payloads:
        assert PointsEarned.model_validate_json(payload).model_dump_json().encode() == payload
