"""The demo program: created once whole, and never over a program that is someone's own."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from xml.etree import ElementTree

import asyncpg

from cli.demo_program.seeding import Seeded, demo_program, seed_demo_program
from loyalty.clock import system_clock
from loyalty.store.database import open_pool, transaction


async def _seed(database_url: str) -> Seeded:
    async with await open_pool(database_url, size=1, name="test") as pool, transaction(pool) as conn:
        return await seed_demo_program(conn, system_clock)


async def test_an_empty_database_gets_the_whole_program(database_url: str, conn: asyncpg.Connection) -> None:
    assert await _seed(database_url) is Seeded.CREATED
    assert await conn.fetchrow("select name, currency, time_zone from program") == (
        "Laurel Market",
        "USD",
        "America/New_York",
    )
    assert await conn.fetchval("select array_agg(code order by rank) from tier") == ["base", "silver", "gold"]
    assert await conn.fetchval("select count(*) from earning_rule where status = 'active'") == 5
    assert await conn.fetchval("select count(*) from earning_rule where status = 'shadow'") == 1
    assert await conn.fetchval("select count(*) from reward where active") == 12


async def test_seeding_twice_at_once_is_seeding_once(database_url: str, conn: asyncpg.Connection) -> None:
    seeded = await asyncio.gather(*(_seed(database_url) for _ in range(3)))
    assert sorted(one.name for one in seeded) == ["CREATED", "PRESENT", "PRESENT"]
    assert await conn.fetchval("select count(*) from reward") == 12


async def test_a_program_of_ones_own_is_left_alone(database_url: str, conn: asyncpg.Connection) -> None:
    await conn.execute("insert into reward (id, name, points_cost, created_at, updated_at) "
                       "values (gen_random_uuid(), 'Ours', 1, now(), now())")  # fmt: skip
    assert await _seed(database_url) is Seeded.FOREIGN
    assert await conn.fetchval("select name from program") == "Laurel"
    assert await conn.fetchval("select count(*) from earning_rule") == 0


def test_every_reward_has_a_small_picture_of_its_own() -> None:
    urls = [reward["image_url"] for reward in demo_program()["rewards"]]
    assert len(set(urls)) == len(urls) == 12
    for url in urls:
        picture = (files("api.customer") / url.lstrip("/")).read_bytes()
        assert len(picture) < 2_000
        assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
