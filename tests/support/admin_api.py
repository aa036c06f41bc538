"""The Admin API on a port of its own in the test's event loop, and clients of every kind for it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp

from api.admin.app import API, create_app
from api.kit.openapi import document
from api.kit.routes import Role
from api.kit.tokens import mint_access_token
from loyalty.clock import new_id, system_clock
from loyalty.services.auditing import Actor
from loyalty.services.merchants import create_merchant, issue_key
from loyalty.settings import Settings
from loyalty.store.admins import insert_admin
from loyalty.store.database import Pool, open_pool
from schemas.admin.access import Admin
from schemas.admin.access import Role as RoleName
from schemas.admin.merchants import IssuedKey, NewMerchant, NewMerchantKey
from tests.support.apis import Contract, Reply, serving, settings_for

PREFIX = "/api/admin"
TESTER = Actor("system", "test")
NO_PASSWORD = "!"
CONTRACT = Contract(document(API))


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests as one caller, and holds each answer against the API's document.

    A POST carries a fresh Idempotency-Key unless one is given.
    """

    http: aiohttp.ClientSession
    url: str
    token: str | None = None

    async def send(self, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any) -> Reply:
        headers = {"Idempotency-Key": key or secrets.token_hex(8)} if method == "POST" else {}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        sent = {} if body is None else {"json": body}
        given = {name.rstrip("_"): str(value) for name, value in query.items()}
        async with self.http.request(method, self.url + PREFIX + path, headers=headers, params=given, **sent) as answer:
            is_json = answer.content_type.endswith("json")
            reply = Reply(answer.status, answer.headers, await answer.json(content_type=None) if is_json else None)
        CONTRACT.check(method, PREFIX + path, reply)
        return reply

    async def get(self, path: str, **query: Any) -> Reply:
        return await self.send("GET", path, **query)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Reply:
        return await self.send("POST", path, body, key=key)

    async def patch(self, path: str, body: Any) -> Reply:
        return await self.send("PATCH", path, body)

    async def put(self, path: str, body: Any) -> Reply:
        return await self.send("PUT", path, body)


@dataclass(slots=True)
class AdminApi:
    """The running API, its database, and who may call it."""

    settings: Settings
    url: str
    pool: Pool
    http: aiohttp.ClientSession
    admins: dict[RoleName, UUID] = field(default_factory=dict)

    def client(self, token: str | None = None) -> Client:
        return Client(self.http, self.url, token)

    def as_role(self, role: RoleName) -> Client:
        return self.client(self.token(self.admins[role], role))

    @property
    def admin(self) -> Client:
        return self.as_role("admin")

    def token(self, admin_id: UUID, role: RoleName, *, seconds: int = 900) -> str:
        return mint_access_token(self.settings.signing_key, admin_id, "admin", seconds=seconds, role=Role[role.upper()])

    async def add_admin(self, role: RoleName, password_hash: str = NO_PASSWORD) -> Admin:
        admin = Admin(
            admin_id=new_id(),
            email=f"{role}-{secrets.token_hex(4)}@laurel.example",
            name=role.title(),
            role=role,
            active=True,
            created_at=system_clock(),
        )
        async with self.pool.acquire() as conn:
            await insert_admin(conn, admin, password_hash)
        return admin

    async def add_merchant_key(self, *scopes: str) -> IssuedKey:
        command = NewMerchantKey.model_validate({"scopes": scopes or ["transactions:write"]}, strict=False)
        async with self.pool.acquire() as conn, conn.transaction():
            merchant = await create_merchant(conn, NewMerchant(name="Corner Shop"), TESTER, system_clock)
            return await issue_key(conn, merchant.merchant_id, command, TESTER, system_clock)

    async def park_key(self, key: str, topic: str = "points.earned") -> None:
        """Leaves a key as the relay does when Kafka refuses its next event."""
        async with self.pool.acquire() as conn:
            await conn.execute(
                "insert into outbox_parked (outbox_id, event_id, topic, key, payload, source, occurred_at, created_at, "
                "error, attempts) select coalesce(max(outbox_id), 0) + 1, $3, $1, $2, '{}', '/laurel', now(), now(), "
                "'too large', 1 from outbox_parked",
                topic,
                key,
                new_id(),
            )

    async def count_rows(self) -> dict[str, int]:
        """How many rows each table has: what a refusal must not change."""
        async with self.pool.acquire() as conn:
            tables = await conn.fetch(
                "select c.relname as name from pg_class c where c.relkind in ('r', 'p') and not c.relispartition "
                "and c.relnamespace = 'public'::regnamespace and c.relname !~ '^_?pogo'"
            )
            return {row["name"]: await conn.fetchval(f'select count(*) from "{row["name"]}"') for row in tables}

    async def audited(self) -> list[dict[str, Any]]:
        """The audit log, oldest first."""
        async with self.pool.acquire() as conn:
            return [dict(row) for row in await conn.fetch("select * from audit_log order by id")]

    async def events(self, topic: str) -> list[dict[str, Any]]:
        """What the outbox has of a topic, oldest first."""
        async with self.pool.acquire() as conn:
            rows = await conn.fetch(
                "select event_id, key, convert_from(payload, 'utf8')::jsonb as payload, traceparent from outbox "
                "where topic = $1 order by id",
                topic,
            )
            return [dict(row) for row in rows]


@asynccontextmanager
async def admin_api(database_url: str, redis_url: str, **settings: Any) -> AsyncIterator[AdminApi]:
    """The API on these servers, with an administrator of each role."""
    made = settings_for(database_url, redis_url, **settings)
    async with serving(create_app(made)) as url, aiohttp.ClientSession() as http:
        pool = await open_pool(database_url, size=4, name="test")
        try:
            api = AdminApi(made, url, pool, http)
            for role in ("viewer", "operator", "admin"):
                api.admins[role] = (await api.add_admin(role)).admin_id
            yield api
        finally:
            await pool.close()
