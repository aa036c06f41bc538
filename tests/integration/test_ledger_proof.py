"""The chain of hashes is made in order whatever commits when, and the exported file is verified without Laurel."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from agents.housekeeping import House, keep_house
from loyalty.clock import system_clock
from loyalty.services.sealing import look_ahead, seal_entries
from loyalty.store.database import Connection, Pool
from tests.support.ledger import SCRIPT, VANDALISM, export, fill_ledger, seal_all, verdict
from tests.support.rows import add_member, give_points, laurel_pool
from tests.support.waiting import eventually

HOUSE = House(consumers=("earning",), inbox_kept=timedelta(days=1), every_seconds=0.05, clock=system_clock)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def sealed_entries(conn: Connection) -> list[int]:
    return [row["entry_id"] for row in await conn.fetch("select entry_id from journal_seal order by entry_id")]


async def test_an_entry_that_commits_late_is_not_left_out(pool: Pool, conn: Connection) -> None:
    slow, fast = await add_member(conn), await add_member(conn)
    async with pool.acquire() as other:
        async with other.transaction():
            await give_points(other, slow, 1)  # its id is lower
            await give_points(conn, fast, 1)
            horizon = await look_ahead(conn)
            assert horizon is not None
            async with conn.transaction():
                done = await seal_entries(conn, horizon)
            assert (done.entries, await sealed_entries(conn)) == (0, [])
        await seal_all(conn)
    assert await sealed_entries(conn) == [1, 2]


async def test_a_booking_that_was_rolled_back_leaves_a_hole_that_is_passed(pool: Pool, conn: Connection) -> None:
    member_id = await add_member(conn, 10)
    async with pool.acquire() as other:
        attempt = other.transaction()
        await attempt.start()
        await give_points(other, member_id, 1)
        await attempt.rollback()
    await give_points(conn, member_id, 1)
    await seal_all(conn)
    assert await sealed_entries(conn) == [1, 3]


async def test_sealing_in_small_steps_by_several_makes_the_same_chain(pool: Pool, conn: Connection) -> None:
    await fill_ledger(conn)
    expected, before = [], bytes(32)
    lines = [line for line in await export(conn) if line.startswith('{"hash"')]
    for line in lines:
        before = hashlib.sha256(before + line.split(', "entry": ', 1)[1][:-1].encode()).digest()
        expected.append(before)

    async def seal_some() -> None:
        async with pool.acquire() as own:
            await seal_all(own, batch_entries=3)

    await asyncio.gather(*(seal_some() for _ in range(3)))
    assert [r["hash"] for r in await conn.fetch("select hash from journal_seal order by entry_id")] == expected


async def test_workers_seal_what_is_booked_and_take_over_from_each_other(pool: Pool, conn: Connection) -> None:
    member_id = await add_member(conn, 1)
    workers = [asyncio.create_task(keep_house(pool, HOUSE)) for _ in range(2)]
    for entries in (1, 2):
        await eventually(partial(has_sealed, pool, entries), timeout_seconds=60)
        workers.pop(0).cancel()  # the one that led: it came first
        await give_points(conn, member_id, 1)


async def has_sealed(pool: Pool, entries: int) -> bool:
    return bool(await pool.fetchval("select count(*) from journal_seal") == entries)


async def test_seals_are_never_changed(conn: Connection) -> None:
    await add_member(conn, 10)
    await seal_all(conn)
    for statement in ("update journal_seal set hash = sha256('x')", "delete from journal_seal"):
        with pytest.raises(Exception, match="its rows are a record"):
            await conn.execute(statement)


async def test_the_script_runs_alone(conn: Connection, database_url: str, tmp_path: Path) -> None:
    await fill_ledger(conn)
    await seal_all(conn)
    laurel = [sys.executable, "-P", "-m", "cli", "ledger", "export", "--json", str(tmp_path / "ledger.ndjson")]
    exported = await asyncio.to_thread(
        subprocess.run, laurel, env={"LAUREL_DATABASE_URL": database_url, "PATH": ""}, capture_output=True, check=True
    )
    chain = json.loads(exported.stdout)["chain"]
    for noted, status in ((chain, 0), ("10:" + "0" * 64, 1), ("99:" + "0" * 64, 1)):
        script = [sys.executable, "-I", "-S", str(SCRIPT), "ledger.ndjson", noted]
        done = await asyncio.to_thread(subprocess.run, script, cwd=tmp_path, env={}, capture_output=True)
        assert done.returncode == status, done.stderr
    assert os.listdir(tmp_path) == ["ledger.ndjson"]


async def test_entries_that_are_not_sealed_yet_are_verified_too(conn: Connection) -> None:
    await fill_ledger(conn)
    assert verdict(await export(conn)) == "holds"
    await seal_all(conn)
    await give_points(conn, await add_member(conn), 5)
    assert verdict(await export(conn)) == "holds"


OFFLINE = {
    "a posting changed": "entry 3: it is not what was sealed",
    "an entry deleted": "after entry 6: a sealed entry is missing",
    "an entry booked twice": "entry 11: available_after is not the sum",
    "a lot's remainder changed": "lot 4: ",
    "a draw deleted": "entry 9: it is not what was sealed",
    "a wallet changed": "wallet of member ",
    "a seal changed": "entry 4: it is not what was sealed",
    "an award without its entry": "holds",
    "a redemption without its entry": "holds",
    "a balance misstated": "entry 8: it is not what was sealed",
    "a hole in a member's sequence": "entry 5: it is not what was sealed",
    "an entry put in between": "entry -1: out of order",
    "a seal removed": "entry 7: an entry before it was put in, or lost its seal",
    "changes that agree with each other": "entry 3: it is not what was sealed",
    "a reason rewritten": "entry 10: it is not what was sealed",
}
"""What the script says of each kind of corruption. Awards and redemptions are not in the file."""


async def test_the_script_finds_what_was_corrupted(conn: Connection) -> None:
    await fill_ledger(conn)
    await seal_all(conn)
    await conn.execute("set session_replication_role = replica")
    said = {}
    for kind, (vandalism, _) in VANDALISM.items():
        attempt = conn.transaction(isolation="repeatable_read")
        await attempt.start()
        await conn.execute(vandalism)
        said[kind] = verdict(await export(conn))
        await attempt.rollback()
    assert [kind for kind in said if not said[kind].startswith(OFFLINE[kind])] == [], said


async def test_no_byte_of_the_file_can_be_changed(conn: Connection, rng: random.Random) -> None:
    await fill_ledger(conn)
    await seal_all(conn)
    sound = "".join(f"{line}\n" for line in await export(conn)).encode()
    assert verdict(sound) == "holds"
    for _ in range(300):
        place = rng.randrange(len(sound))
        forged = sound[:place] + bytes([sound[place] ^ 1 << rng.randrange(8)]) + sound[place + 1 :]
        assert verdict(forged) != "holds", f"byte {place}: {forged[place - 20 : place + 20]!r}"
    lines = sound.splitlines(keepends=True)
    for gone in range(len(lines)):
        assert verdict(b"".join(lines[:gone] + lines[gone + 1 :])) != "holds", lines[gone]
