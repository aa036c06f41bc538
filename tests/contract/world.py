"""A database with one of everything that a generated request can name, and callers with their tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from api.admin.app import API as ADMIN_API
from api.kit.routes import Role
from api.kit.tokens import mint_access_token
from loyalty.clock import new_id, system_clock
from loyalty.services.auditing import Actor
from loyalty.services.merchants import issue_key
from loyalty.services.secret_box import SecretBox
from loyalty.services.signing_keys import add_key
from loyalty.services.webhooks import create_webhook, ping
from loyalty.store.admins import insert_admin
from loyalty.store.database import Connection
from loyalty.store.queries import queries
from schemas.admin.access import Admin
from schemas.admin.merchants import IssuedKey, NewMerchantKey
from schemas.admin.signing_keys import NewSigningKey
from schemas.admin.webhooks import NewWebhook
from tests.support.apis import SIGNING_KEY
from tests.support.rows import (
    BASE_RULE,
    NOON,
    add_dead_letter,
    add_member,
    add_merchant,
    add_redemption,
    add_reward,
    add_rule,
    add_transaction,
    laurel_pool,
)

Made = TypeVar("Made")

TESTER = Actor("system", "tests")
TOKEN_SECONDS = 3 * 60 * 60
EACH = 3
SCOPES = sorted({route.access.scope for route in ADMIN_API.routes if route.access.scope})


@dataclass(frozen=True, slots=True)
class World:
    """Callers' tokens, and ids that exist by the name of their path parameter."""

    member: str
    admin: str
    merchant: str
    known: dict[str, list[str]]


async def make_world(database_url: str) -> World:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn, conn.transaction():
        merchant_id = await add_merchant(conn)
        known = {"merchant_id": [merchant_id], **await _shop(conn, merchant_id), **await _office(conn, merchant_id)}
        tester = await _add_admin(conn, "tests@laurel.example")
        return World(
            member=mint_access_token(SIGNING_KEY, known["member_id"][0], "customer", seconds=TOKEN_SECONDS),
            admin=mint_access_token(SIGNING_KEY, tester, "admin", seconds=TOKEN_SECONDS, role=Role.ADMIN),
            merchant=(await _issue_key(conn, merchant_id)).secret,
            known={name: [str(each) for each in ids] for name, ids in known.items()},
        )


async def _shop(conn: Connection, merchant_id: UUID) -> dict[str, list[UUID]]:
    """What members meet."""
    members = await _each(lambda: add_member(conn, 10_000))
    reward = await add_reward(conn)
    return {
        "member_id": members,
        "reward_id": [reward],
        "transaction_id": await _each(lambda: add_transaction(conn, members[0], merchant_id)),
        "redemption_id": await _each(lambda: add_redemption(conn, members[0], reward)),
    }


async def _office(conn: Connection, merchant_id: UUID) -> dict[str, list[UUID]]:
    """What administrators meet besides. The keys are not those that requests come with."""
    keys = await _each(lambda: _issue_key(conn, merchant_id))
    signing_keys = await _each(lambda: add_key(conn, merchant_id, NewSigningKey(), TESTER, system_clock))
    webhooks = await _each(lambda: _add_webhook(conn))
    pings = [await ping(conn, webhook, TESTER, system_clock) for webhook in webhooks]
    return {
        "admin_id": [await _add_admin(conn, "other@laurel.example")],
        "rule_id": await _each(lambda: add_rule(conn, BASE_RULE)),
        "replay_id": await _each(lambda: _add_replay(conn)),
        "key_id": [*(key.key_id for key in keys), *(key.key_id for key in signing_keys)],
        "webhook_id": webhooks,
        "delivery_id": [delivery.delivery_id for delivery in pings],
        "dead_letter_id": await _each(lambda: add_dead_letter(conn)),
    }


async def _each(make: Callable[[], Awaitable[Made]]) -> list[Made]:
    return [await make() for _ in range(EACH)]


async def _issue_key(conn: Connection, merchant_id: UUID) -> IssuedKey:
    command = NewMerchantKey.model_validate({"scopes": SCOPES}, strict=False)
    return await issue_key(conn, merchant_id, command, TESTER, system_clock)


async def _add_webhook(conn: Connection) -> UUID:
    command = NewWebhook(url="https://hooks.example.com/laurel", event_types=["points.earned"])
    made = await create_webhook(conn, command, SecretBox(SIGNING_KEY), (), TESTER, system_clock)
    return made.webhook_id


async def _add_replay(conn: Connection) -> UUID:
    replay_id = new_id()
    await queries.insert_replay(
        conn, replay_id=replay_id, rules=[], from_time=None, to_time=None, requested_by="tests", requested_at=NOON
    )
    return replay_id


async def _add_admin(conn: Connection, email: str) -> UUID:
    admin = Admin(admin_id=new_id(), email=email, name="Tests", role="admin", active=True, created_at=system_clock())
    await insert_admin(conn, admin, "!")
    return admin.admin_id
