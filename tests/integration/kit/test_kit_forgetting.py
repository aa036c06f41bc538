"""Old answers and expired tokens go, all of them, and nothing else does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from api.kit.forgetting import ANSWERS_KEPT, ROWS_AT_ONCE, TOKENS_KEPT, forget_old
from loyalty.clock import system_clock
from tests.support.rows import laurel_pool

INSERT_ANSWERS = """
insert into idempotency_key (caller, route, key, request_hash, status, body, created_at)
select 'member:1', 'post_transaction', $1 || n, '\\x00', 201, '\\x00', $2 from generate_series(1, $3::int) n"""
INSERT_TOKENS = """
insert into refresh_token (token_hash, family_id, subject_kind, subject_id, issued_at, expires_at)
select sha256(($1 || n)::bytea), uuidv7(), 'member', uuidv7(), $2, $2 from generate_series(1, $3::int) n"""


async def test_what_is_old_is_forgotten_by_any_number_at_once(database_url: str) -> None:
    now, second = system_clock(), timedelta(seconds=1)
    many = ROWS_AT_ONCE * 2 + 1
    async with laurel_pool(database_url) as pool:
        await pool.execute(INSERT_ANSWERS, "old", now - ANSWERS_KEPT - second, many)
        await pool.execute(INSERT_ANSWERS, "young", now - ANSWERS_KEPT + second, 5)
        await pool.execute(INSERT_TOKENS, "old", now - TOKENS_KEPT - second, 3)
        await pool.execute(INSERT_TOKENS, "young", now - TOKENS_KEPT + second, 2)

        forgotten = await asyncio.gather(*[forget_old(pool, lambda: now) for _ in range(3)])

        assert sum(forgotten) == many + 3
        assert await pool.fetchval("select count(*) from idempotency_key") == 5
        assert await pool.fetchval("select count(*) from refresh_token") == 2
