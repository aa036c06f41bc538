"""A draft set of rules over a year of real purchases, and the proof that the rules in force explain every award.

    python -m bench.history [--baskets N]

The history is made by the worker's own service on one connection, batch after batch, so it has everything that a real
one has. `replay_s` is for all of it; the floor of the rates is that service in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from bench.common import report
from cli.journey.baskets import ALL_BASKETS, Basket, read_baskets
from loyalty.clock import new_id, system_clock
from loyalty.domain.money import from_minor
from loyalty.services.earning import Recorded, award_transactions
from loyalty.services.incoming import Incoming
from loyalty.services.replaying_history import Replayed, replay_history
from loyalty.services.rulesets import Rulesets
from loyalty.services.verifying_rules import RulesVerified, verify_rules
from loyalty.store.database import Connection
from schemas.admin.rules import NewRule
from schemas.events import TransactionItem, TransactionRecorded
from tests.support import databases
from tests.support.rows import add_member, add_merchant, add_recorded, add_rule, laurel_pool
from tests.support.servers import running

BENCH = "history"
BATCH_EVENTS = 500
STATEMENT_SECONDS = 600.0

IN_FORCE: list[dict[str, Any]] = [
    {"name": "base", "effect": {"type": "points_per_amount", "points": 1, "per": 1}},
    {
        "name": "produce",
        "effect": {"type": "points_per_amount", "points": 2, "per": 1},
        "scope": {"type": "category", "values": ["PRODUCE", "SALAD BAR"]},
        "limits": {"points_per_member": {"points": 100, "period": "month"}},
    },
    {
        "name": "weekend",
        "effect": {"type": "multiplier", "factor": "1.5"},
        "conditions": [{"field": "weekday", "op": "in", "value": [6, 7]}],
        "limits": {"points_per_transaction": 50},
    },
    {
        "name": "welcome",
        "effect": {"type": "fixed", "points": 100},
        "conditions": [{"field": "first_purchase", "op": "eq", "value": True}],
    },
]
DRAFT: list[dict[str, Any]] = [
    {**IN_FORCE[0], "scope": {"type": "order", "except": {"categories": ["FUEL"]}}},
    {**IN_FORCE[1], "limits": {"points_per_member": {"points": 50, "period": "week"}, "budget_points": 500_000}},
    {**IN_FORCE[2], "effect": {"type": "multiplier", "factor": 2}},
    {
        "name": "every tenth",
        "effect": {"type": "fixed", "points": 50},
        "conditions": [{"field": "purchase_number", "op": "multiple_of", "value": 10}],
    },
]


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baskets", type=int, default=ALL_BASKETS)
    baskets = parser.parse_args().baskets
    with running() as servers:
        template = databases.run_in_thread(databases.ensure_template(servers.database_url))
        url = databases.run_in_thread(databases.clone(servers.database_url, template))
        try:
            asyncio.run(_measure(url, baskets))
        finally:
            databases.run_in_thread(databases.drop(url, servers.database_url))


async def _measure(url: str, baskets: int) -> None:
    async with laurel_pool(url, statement_timeout_seconds=STATEMENT_SECONDS) as pool, pool.acquire() as conn:
        for rule in IN_FORCE:
            await add_rule(conn, rule)
        filled = await _fill(conn, baskets)
        floor = baskets / filled
        report(BENCH, "award_purchases_per_s", floor, "purchases/s")
        await conn.execute("vacuum analyze")
        verified, seconds, cpu = await _verify(conn)
        _demand(verified, baskets)
        report(BENCH, "verify_s", seconds, "s")
        report(BENCH, "verify_cpu_us_per_purchase", cpu / baskets * 1e6, "us")
        report(BENCH, "verify_differences", verified.differences, "awards")
        await _report_replay(conn, "replay_in_force", IN_FORCE, floor)
        await _report_replay(conn, "replay", DRAFT, floor)


async def _report_replay(conn: Connection, figure: str, rules: list[dict[str, Any]], floor: float) -> None:
    replayed, seconds, cpu = await _replay(conn, rules)
    assert replayed.result is not None, "a replay that ends has a result"
    report(BENCH, f"{figure}_s", seconds, "s")
    report(BENCH, f"{figure}_purchases_per_s", replayed.done / seconds, "purchases/s", floor)
    report(BENCH, f"{figure}_cpu_us_per_purchase", cpu / replayed.done * 1e6, "us")
    report(BENCH, f"{figure}_changed", replayed.result.purchases_changed, "purchases")


async def _fill(conn: Connection, baskets: int) -> float:
    """Stores and awards the baskets; the seconds that awarding took."""
    merchant_id, rulesets = await add_merchant(conn), Rulesets()
    members: dict[int, UUID] = {}
    seconds, stream = 0.0, read_baskets(baskets)
    while batch := list(islice(stream, BATCH_EVENTS)):
        for basket in batch:
            if basket.household_id not in members:
                members[basket.household_id] = await add_member(conn, joined_at=basket.occurred_at)
        events = [_event(basket, members[basket.household_id], merchant_id) for basket in batch]
        await add_recorded(conn, events)
        begun = time.perf_counter()
        async with conn.transaction():
            await award_transactions(conn, events, system_clock, rulesets)
        seconds += time.perf_counter() - begun
    return seconds


def _event(basket: Basket, member_id: UUID, merchant_id: UUID) -> Recorded:
    transaction_id = new_id()
    body = TransactionRecorded(
        member_id=member_id,
        transaction_id=transaction_id,
        merchant_id=merchant_id,
        occurred_at=basket.occurred_at,
        recorded_at=basket.occurred_at,
        amount=from_minor(basket.amount_minor, "GBP"),
        currency="GBP",
        items=tuple(_items(basket)),
    )
    return Incoming(transaction_id, body)


def _items(basket: Basket) -> Iterator[TransactionItem]:
    for line in basket.lines:
        yield TransactionItem(
            sku=str(line.product_id),
            category=line.department,
            quantity=line.quantity,
            amount=from_minor(line.amount_minor, "GBP"),
        )


async def _verify(conn: Connection) -> tuple[RulesVerified, float, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        *_, last = [found async for found in verify_rules(conn)]
    return last, time.perf_counter() - begun, time.process_time() - cpu


async def _replay(conn: Connection, rules: Sequence[dict[str, Any]]) -> tuple[Replayed, float, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        *_, last = [one async for one in replay_history(conn, [NewRule.model_validate(rule) for rule in rules])]
    return last, time.perf_counter() - begun, time.process_time() - cpu


def _demand(verified: RulesVerified, baskets: int) -> None:
    if (verified.awards, verified.differences, verified.unverifiable) != (baskets, 0, 0):
        raise SystemExit(f"the rules do not explain the history: {verified}")


if __name__ == "__main__":
    main()
