"""Guessing is stopped for each account, wherever it is tried from, and for each address, whatever it tries."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api.admin import app as admin
from api.customer import app as customer
from api.kit.passwords import ARGON2ID
from tests.support.apis import Client, client_of, serving, settings_for
from tests.support.rows import add_member, laurel_pool

LIMIT = 3
KNOWN, UNKNOWN = "ada@example.com", "nobody@example.com"
APIS = {"/api/customer": customer.create_app, "/api/admin": admin.create_app}


@pytest.fixture(params=sorted(APIS))
async def client(request: pytest.FixtureRequest, database_url: str, redis_url: str) -> AsyncIterator[Client]:
    """Behind a proxy, so that a request can come from anywhere. There is a member and an administrator `KNOWN`."""
    settings = settings_for(database_url, redis_url).model_copy(
        update={"login_limit_per_minute": LIMIT, "trusted_proxies": "127.0.0.0/8"}
    )
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        member = await add_member(conn)
        await conn.execute("update member set email = $2, password_hash = $3 where id = $1", member, KNOWN, HASH)
        await conn.execute(
            "insert into admin (id, email, name, role, password_hash, active, created_at) "
            "values (gen_random_uuid(), $1, 'Ada', 'viewer', $2, true, now())",
            KNOWN,
            HASH,
        )
    async with serving(APIS[request.param](settings)) as url, client_of(url, request.param) as client:
        yield client


HASH = ARGON2ID.hash("correct horse battery")


async def attempt(client: Client, email: str, address: str, password: str = "wrong horse battery") -> int:
    reply = await client.post("/login", {"email": email, "password": password}, **{"X-Forwarded-For": address})
    return reply.status


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
async def test_an_account_is_one_account_in_any_letters_and_from_anywhere(client: Client, email: str) -> None:
    spelled = [email, email.upper(), email.title(), email.swapcase()]
    tried = [await attempt(client, each, f"192.0.2.{n}") for n, each in enumerate(spelled)]
    assert tried == [401] * LIMIT + [429]
    assert await attempt(client, "other@example.com", "192.0.2.9") == 401


async def test_an_address_is_limited_whatever_accounts_it_tries(client: Client) -> None:
    tried = [await attempt(client, f"{n}@example.com", "192.0.2.1") for n in range(LIMIT + 1)]
    assert tried == [401] * LIMIT + [429]
    assert await attempt(client, "4@example.com", "192.0.2.2") == 401


async def test_a_limited_account_is_not_opened_by_the_right_password(client: Client) -> None:
    for n in range(LIMIT):
        await attempt(client, KNOWN, f"192.0.2.{n}")
    assert await attempt(client, KNOWN, "192.0.2.9", "correct horse battery") == 429
