"""`laurel ledger verify` finds what is wrong, whatever it is, and nothing else."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from loyalty.services.verifying import CHECKS, Checked, first_bad_entry, verify_ledger
from loyalty.store.database import Connection
from tests.support.ledger import VANDALISM, fill_ledger, seal_all
from tests.support.rows import laurel_pool


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[Connection]:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        await fill_ledger(conn)
        await seal_all(conn)
        yield conn


async def all_checked(conn: Connection) -> list[Checked]:
    return [checked async for checked in verify_ledger(conn)]


async def first_findings(conn: Connection) -> dict[str, int | None]:
    """The entry that each check that failed names first."""
    return {
        checked.check.name: checked.findings.first[0].entry_id
        for checked in await all_checked(conn)
        if checked.findings.total
    }


async def findings(conn: Connection) -> dict[str, int | None]:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return await first_findings(conn)


async def test_a_sound_ledger_has_no_findings(conn: Connection) -> None:
    assert await findings(conn) == {}
    assert await conn.fetchval("select array_agg(status order by status) from redemption") == [
        "completed",
        "completed",
        "rejected",
        "rejected",
    ]


async def test_an_empty_ledger_has_no_findings(database_url: str) -> None:
    async with laurel_pool(database_url) as pool, pool.acquire() as conn:
        assert await findings(conn) == {}


CORRUPTIONS = {
    "update posting set points = points + 1 where entry_id = 1 and n = 1": {"entries"},
    "delete from posting where entry_id = 2": {"entries", "balances", "wallets", "awards", "lots"},
    "delete from posting where entry_id = 2 and n = 1": {"entries"},
    "update posting set points = points * 2 where entry_id = 2": {"balances", "wallets", "awards", "lots"},
    "update posting p set member_id = l.member_id from lot l where l.id = 6 and p.entry_id = 1 and n = 2": {"accounts"},
    "update journal_entry set seq = 9 where id = 3": {"sequence", "balances"},
    "update journal_entry set available_after = available_after + 1 where id = 3": {"balances"},
    "update wallet set available = available + 1 where version > 5": {"wallets", "cover"},
    "update wallet set pending = 5 where version > 5": {"wallets"},
    "update wallet set lifetime_earned = 0 where version > 5": {"wallets"},
    "update wallet set entries = entries + 1 where version > 5": {"wallets"},
    "update lot set remaining = points where id = 1": {"remainders", "cover"},
    "update lot set points = points + 1, remaining = remaining + 1 where id = 3": {"lots", "cover"},
    "delete from lot where id = 3": {"lots", "cover", "draws"},
    "delete from lot_draw where lot_id = 1": {"remainders", "draws"},
    "update lot_draw set lot_id = (select max(id) from lot) where lot_id = 1": {"remainders", "draws"},
    "update award set points = points + 1 where entry_id = 1": {"awards"},
    "delete from award where entry_id = 1": {"awards", "wallets"},
    "update award set entry_id = null where entry_id = 1": {"awards"},
    "update journal_entry set source_id = gen_random_uuid() where id = 1": {"awards"},
    "update journal_entry set kind = 'adjust' where id = 1": {"awards", "wallets"},
    "update redemption set points_cost = 14 where status = 'completed'": {"redemptions"},
    "update redemption set entry_id = null where status = 'completed'": {"redemptions"},
    "delete from redemption where status = 'completed'": {"redemptions"},
    "update redemption set status = 'rejected', reason = 'out_of_stock' where status = 'completed'": {"redemptions"},
    "delete from journal_entry where id = 2": {"sequence", "balances", "wallets", "lots", "references", "chain"},
    "update lot_draw set lot_id = 999 where lot_id = 1": {"remainders", "references"},
    "update posting set entry_id = 999 where entry_id = 2 and n = 2": {"entries", "references"},
}  # fmt: skip
"""What a vandal with the superuser's rights does, and the rules that this breaks."""


async def test_every_corruption_is_found(conn: Connection) -> None:
    await conn.execute("set session_replication_role = replica")
    missed = {}
    for vandalism, broken in CORRUPTIONS.items():
        attempt = conn.transaction(isolation="repeatable_read")
        await attempt.start()
        assert await conn.execute(vandalism) not in ("UPDATE 0", "DELETE 0"), vandalism
        if not broken <= (found := set(await first_findings(conn))):
            missed[vandalism] = found
        await attempt.rollback()
    assert missed == {}


async def test_each_check_finds_something_that_no_other_need_find(conn: Connection) -> None:
    elsewhere = {"refunds", "transfers"}  # test_points_verify.py has these
    assert {check.name for check in CHECKS} - elsewhere == set().union(*CORRUPTIONS.values())


async def test_the_first_bad_entry_is_named(conn: Connection) -> None:
    await conn.execute("set session_replication_role = replica")
    named = {}
    for kind, (vandalism, _) in VANDALISM.items():
        attempt = conn.transaction(isolation="repeatable_read")
        await attempt.start()
        await conn.execute(vandalism)
        named[kind] = first_bad_entry(await all_checked(conn))
        await attempt.rollback()
    assert named == {kind: bad_entry for kind, (_, bad_entry) in VANDALISM.items()}


async def test_changes_that_agree_are_found_by_the_chain_alone(conn: Connection) -> None:
    await conn.execute("set session_replication_role = replica")
    await conn.execute(VANDALISM["changes that agree with each other"][0])
    assert await findings(conn) == {"chain": 3}


async def run_verify(database_url: str) -> tuple[int, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", "ledger", "verify", "--json",
        env={"LAUREL_DATABASE_URL": database_url, "PATH": ""}, stdout=subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, json.loads(output)


async def test_the_command_says_so_and_exits_with_it(conn: Connection, database_url: str) -> None:
    status, report = await run_verify(database_url)
    assert (status, report["ok"], report["entries"], report["members"]) == (0, True, 10, 2)
    await conn.execute("set session_replication_role = replica")
    await conn.execute("update posting set points = points + 1 where entry_id = 4 and n = 1")
    status, report = await run_verify(database_url)
    assert (status, report["ok"]) == (1, False)
    (broken,) = [check for check in report["checks"] if check["check"] == "entries"]
    assert broken["first"][0]["entry_id"] == 4
