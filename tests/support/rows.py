"""Rows that tests start from: members, merchants, purchases and rewards, as the APIs would have stored them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from loyalty.clock import new_id
from loyalty.domain.ledger import adjust
from loyalty.domain.money import to_minor
from loyalty.services.incoming import Incoming
from loyalty.services.posting import Booking, post_entries
from loyalty.store.database import Connection, Pool, open_pool
from schemas.events import RewardRedeemed, TransactionRecorded

NOON = datetime(2017, 3, 5, 12, tzinfo=UTC)


@asynccontextmanager
async def laurel_pool(database_url: str, size: int = 4, statement_timeout_seconds: float = 10.0) -> AsyncIterator[Pool]:
    """A pool with Laurel's own codecs and limits."""
    pool = await open_pool(
        database_url, size=size, name="laurel-test", statement_timeout_seconds=statement_timeout_seconds
    )
    try:
        yield pool
    finally:
        pool.terminate()


async def waits_for_a_lock(rows: Pool) -> bool:
    """Whether a statement of this database waits for another's lock."""
    waits: bool = await rows.fetchval(
        "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"
    )
    return waits


async def add_member(conn: Connection, points: int = 0, *, status: str = "active", joined_at: datetime = NOON) -> UUID:
    """A member; with points, they were given by an adjustment."""
    member_id = new_id()
    await conn.execute("insert into member (id, status, created_at) values ($1, $2, $3)", member_id, status, joined_at)
    await conn.execute("insert into wallet (member_id, updated_at) values ($1, $2)", member_id, joined_at)
    if points:
        await give_points(conn, member_id, points)
    return member_id


async def give_points(conn: Connection, member_id: UUID, points: int, expires_at: datetime | None = None) -> None:
    draft = adjust(new_id(), member_id, points, "for a test")
    async with conn.transaction():
        await post_entries(conn, [Booking(draft, new_id(), NOON, expires_at=expires_at)], NOON)


async def add_merchant(conn: Connection) -> UUID:
    merchant_id = new_id()
    await conn.execute("insert into merchant (id, name, created_at) values ($1, 'Shop', $2)", merchant_id, NOON)
    return merchant_id


async def add_transaction(
    conn: Connection,
    member_id: UUID,
    merchant_id: UUID,
    amount_minor: int = 1000,
    *,
    items: list[dict[str, Any]] | None = None,
    at: datetime = NOON,
) -> UUID:
    """A purchase as it was recorded, not yet awarded."""
    transaction_id = new_id()
    await conn.execute(
        """insert into transaction (id, member_id, merchant_id, occurred_at, recorded_at, amount_minor, currency, items,
             content_hash) values ($1, $2, $3, $4, $4, $5, 'GBP', $6, $7)""",
        transaction_id,
        member_id,
        merchant_id,
        at,
        amount_minor,
        items or [],
        hashlib.sha256(transaction_id.bytes).digest(),
    )
    return transaction_id


async def add_reward(conn: Connection, points_cost: int = 100, **columns: Any) -> UUID:
    """A reward, active and without limits unless `stock_remaining`, `limit_per_member` or others say otherwise."""
    reward_id = new_id()
    await conn.execute(
        """insert into reward (id, name, points_cost, stock_remaining, limit_per_member, minimum_tier_code, active,
             created_at, updated_at, limit_period, voucher_source, confirm_seconds, partner_id)
           values ($1, 'Mug', $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11)""",
        reward_id,
        points_cost,
        columns.get("stock_remaining"),
        columns.get("limit_per_member"),
        columns.get("minimum_tier_code"),
        columns.get("active", True),
        NOON,
        columns.get("limit_period", "ever"),
        columns.get("voucher_source", "generated"),
        columns.get("confirm_seconds"),
        columns.get("partner_id"),
    )
    return reward_id


async def add_redemption(conn: Connection, member_id: UUID, reward_id: UUID, points_cost: int = 100) -> UUID:
    """A redemption that waits for its decision."""
    redemption_id = new_id()
    await conn.execute(
        """insert into redemption (id, member_id, reward_id, points_cost, requested_at)
           values ($1, $2, $3, $4, $5)""",
        redemption_id,
        member_id,
        reward_id,
        points_cost,
        NOON,
    )
    return redemption_id


async def add_dead_letter(conn: Connection, key: bytes | None = b"k", payload: bytes = b"{}", **columns: Any) -> UUID:
    """A purchase's event that the worker could not take, open."""
    letter_id = new_id()
    await conn.execute(
        """insert into dead_letter
             (id, consumer, event_id, topic, partition, record_offset, key, payload, error_kind, error, created_at)
           values ($1, 'earning', $2, 'transaction.recorded', $3, $4, $5, $6, 'ValueError', 'bad', now())""",
        letter_id,
        columns.get("event_id") or new_id(),
        columns.get("partition", 0),
        columns.get("record_offset", 1_000_000 + letter_id.int % 1_000_000),
        key,
        payload,
    )
    return letter_id


async def add_rule(conn: Connection, definition: dict[str, Any]) -> UUID:
    """A rule in force, as `POST /earning-rules` and `/activate` would leave it."""
    rule_id = new_id()
    await conn.execute("insert into earning_rule (id, created_at) values ($1, $2)", rule_id, NOON)
    await conn.execute(
        "insert into earning_rule_version (rule_id, version, name, definition, created_at) values ($1, 1, $2, $3, $4)",
        rule_id,
        definition["name"],
        definition,
        NOON,
    )
    await conn.execute(
        "update earning_rule set status = 'active', active_version = 1, activated_at = $2 where id = $1", rule_id, NOON
    )
    await conn.execute("update program set ruleset_version = ruleset_version + 1")
    return rule_id


BASE_RULE: dict[str, Any] = {"name": "Base", "effect": {"type": "points_per_amount", "points": "1", "per": "1"}}
"""A point for every whole unit of the currency."""


def recorded(
    member_id: UUID, transaction_id: UUID, amount: str = "10.00", **fields: Any
) -> Incoming[TransactionRecorded]:
    """The event of a purchase that `add_transaction` stored."""
    body = TransactionRecorded(
        member_id=member_id,
        transaction_id=transaction_id,
        merchant_id=fields.pop("merchant_id", transaction_id),
        occurred_at=fields.pop("at", NOON),
        recorded_at=NOON,
        amount=amount,
        currency="GBP",
        **fields,
    )
    return Incoming(transaction_id, body)


def redeemed(member_id: UUID, redemption_id: UUID, reward_id: UUID, points_cost: int = 100) -> Incoming[RewardRedeemed]:
    """The event of a redemption that `add_redemption` stored."""
    body = RewardRedeemed(
        member_id=member_id,
        redemption_id=redemption_id,
        reward_id=reward_id,
        points_cost=points_cost,
        requested_at=NOON,
    )
    return Incoming(redemption_id, body)


async def add_transactions(conn: Connection, member_id: UUID, merchant_id: UUID, count: int) -> list[UUID]:
    """Purchases of 10.00, in order."""
    ids = [new_id() for _ in range(count)]
    await conn.execute(
        """insert into transaction (id, member_id, merchant_id, occurred_at, recorded_at, amount_minor, currency,
             content_hash) select id, $2, $3, $4, $4, 1000, 'GBP', '' from unnest($1::uuid[]) as t (id)""",
        ids,
        member_id,
        merchant_id,
        NOON,
    )
    return ids


async def add_recorded(conn: Connection, events: Sequence[Incoming[TransactionRecorded]]) -> None:
    """Stores the purchases that these events tell of, not yet awarded, whatever their number."""
    bodies = [event.body for event in events]
    await conn.execute(
        """insert into transaction (id, member_id, merchant_id, occurred_at, recorded_at, amount_minor, currency, items,
             content_hash)
           select id, member_id, merchant_id, occurred_at, occurred_at, amount_minor, currency, items::jsonb, ''
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::text[], $7::text[])
             as t (id, member_id, merchant_id, occurred_at, amount_minor, currency, items)""",
        [body.transaction_id for body in bodies],
        [body.member_id for body in bodies],
        [body.merchant_id for body in bodies],
        [body.occurred_at for body in bodies],
        [to_minor(body.amount, body.currency) for body in bodies],
        [body.currency for body in bodies],
        [json.dumps([item.model_dump(mode="json") for item in body.items]) for body in bodies],
    )
