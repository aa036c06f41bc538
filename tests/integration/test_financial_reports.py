"""The financial reports agree with the ledger to the last point, and are refused when the books do not add up."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from loyalty.clock import new_id, system_clock
from loyalty.domain.ledger import EntryDraft, adjust, earn, expire, receive, redeem, restore, send
from loyalty.services.posting import Booking, post_entries
from loyalty.store.database import Connection
from tests.support.admin_api import AdminApi, admin_api
from tests.support.rows import add_member

MARCH = date(2026, 3, 1)
TODAY = system_clock()


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


async def book(conn: Connection, draft: EntryDraft, at: datetime, expires_at: datetime | None = None) -> None:
    async with conn.transaction():
        await post_entries(conn, [Booking(draft, new_id(), at, expires_at=expires_at)], at)


async def fill(conn: Connection) -> tuple[UUID, UUID]:
    """Two members, who joined in January and in February; in March everything happens."""
    ada, bob = await add_member(conn, joined_at=on(1, 10)), await add_member(conn, joined_at=on(2, 10))
    later = TODAY + timedelta(days=400)
    await book(conn, earn(new_id(), ada, 1000), on(2, 20))
    await book(conn, earn(new_id(), bob, 500), on(3, 2), expires_at=later)
    await book(conn, redeem(new_id(), ada, 300), on(3, 5))
    await book(conn, redeem(new_id(), ada, 100), on(3, 6))
    await book(conn, restore(new_id(), ada, 100, reason="cancelled"), on(3, 7))
    await book(conn, adjust(new_id(), bob, 7, "goodwill"), on(3, 8))
    await book(conn, send(new_id(), ada, 40), on(3, 9))
    await book(conn, receive(new_id(), bob, 40), on(3, 9))
    await book(conn, expire(new_id(), bob, 25), on(3, 31))
    await book(conn, earn(new_id(), ada, 11), on(4, 2))
    return ada, bob


async def test_the_rollforward_is_what_was_booked(api: AdminApi) -> None:
    async with api.pool.acquire() as conn:
        await fill(conn)
    answer = (await api.admin.get("/reports/rollforward", from_=MARCH, to=date(2026, 3, 31))).body
    lines = {line["line"]: line["points"] for line in answer["lines"]}
    assert lines == {
        "issued": 500,
        "redeemed": -400,
        "restored": 100,
        "expired": -25,
        "reversed": 0,
        "adjusted": 7,
        "transferred": 0,
    }
    assert (answer["opening_points"], answer["closing_points"]) == (1000, 1182)
    april = (await api.admin.get("/reports/rollforward", from_=date(2026, 4, 1), to=date(2026, 4, 30))).body
    assert april["opening_points"] == answer["closing_points"]


async def test_liability_expiry_rates_and_cohorts_agree(api: AdminApi) -> None:
    await api.admin.patch("/program", {"point_value": "0.005"})
    async with api.pool.acquire() as conn:
        await fill(conn)
    liability = (await api.admin.get("/reports/liability")).body
    assert (liability["points"], liability["value"], liability["members"]) == (1193, "5.96", 2)
    assert (liability["breakage_rate"], liability["value_less_breakage"]) == ("0.0165", "5.87")
    expiry = (await api.admin.get("/reports/expiry")).body
    [month] = expiry["months"]
    assert month["month"] == (TODAY + timedelta(days=400)).strftime("%Y-%m")
    assert month["points"] + expiry["never_points"] == expiry["points"] == 1193
    rates = (await api.admin.get("/reports/rates", from_=MARCH, to=date(2026, 3, 31))).body
    assert (rates["redemption_rate"], rates["breakage_rate"]) == ("0.6000", "0.0500")
    cohorts = (await api.admin.get("/reports/cohorts")).body["cohorts"]
    assert [(c["month"], c["members"], c["issued_points"], c["points"]) for c in cohorts] == [
        ("2026-01", 1, 1011, 671),
        ("2026-02", 1, 500, 522),
    ]


async def test_a_program_without_points_has_reports_too(api: AdminApi) -> None:
    for name in ("liability", "rollforward", "expiry", "rates", "cohorts"):
        assert (await api.admin.get(f"/reports/{name}")).status == 200
    assert (await api.admin.get("/reports/rates")).body["redemption_rate"] is None


UNSOUND = {
    "update wallet set available = available + 1 where lifetime_redeemed > 0": "wallets hold 672 on member.available",
    "update posting set points = points + 1 where n = 1 and entry_id = 3": "entries of kind redeem within the range",
    "update journal_entry set kind = 'hold' where kind = 'adjust'": "entries of kind hold on account program.adjusted",
    "delete from journal_entry where id = (select max(id) from journal_entry where kind = 'transfer')": "members were",
}


@pytest.mark.parametrize("vandalism", UNSOUND)
async def test_books_that_do_not_add_up_have_no_report(api: AdminApi, vandalism: str, database_url: str) -> None:
    async with api.pool.acquire() as conn:
        await fill(conn)
    vandal = await asyncpg.connect(database_url)
    await vandal.execute("set session_replication_role = replica")
    await vandal.execute(vandalism)
    await vandal.close()
    for name in ("liability", "rollforward", "rates", "cohorts"):
        days = {"from_": MARCH, "to": date(2026, 3, 31)} if name in ("rollforward", "rates") else {}
        refused = await api.admin.get(f"/reports/{name}", **days)
        assert (refused.status, refused.body["code"]) == (409, "report_does_not_reconcile"), name
    refused = await api.admin.get("/reports/rollforward", from_=MARCH, to=date(2026, 3, 31))
    expected = UNSOUND[vandalism].replace("672", "1194")
    assert any(finding.startswith(expected) for finding in refused.body["findings"]), refused.body["findings"]


async def test_lots_that_do_not_cover_the_wallets_have_no_calendar(api: AdminApi, database_url: str) -> None:
    async with api.pool.acquire() as conn:
        await fill(conn)
    vandal = await asyncpg.connect(database_url)
    await vandal.execute("update lot set remaining = remaining - 1 where remaining > 100")
    await vandal.close()
    refused = await api.admin.get("/reports/expiry")
    assert (refused.status, refused.body["code"]) == (409, "report_does_not_reconcile")


async def run_report(database_url: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "cli", "report", *arguments,
        env={"LAUREL_DATABASE_URL": database_url, "PATH": ""}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_command_tells_the_same(api: AdminApi, database_url: str) -> None:
    async with api.pool.acquire() as conn:
        await fill(conn)
    days = ("--from", "2026-03-01", "--to", "2026-03-31")
    answer = (await api.admin.get("/reports/rollforward", from_=MARCH, to=date(2026, 3, 31))).body
    status, told = await run_report(database_url, "rollforward", *days, "--json")
    assert (status, json.loads(told) | {"as_of": answer["as_of"]}) == (0, answer)
    status, told = await run_report(database_url, "rollforward", *days, "--csv")
    assert [{**row, "points": int(row["points"])} for row in csv.DictReader(io.StringIO(told))] == answer["lines"]
    assert (await run_report(database_url, "rollforward", "--from", "2026-13-01"))[0] == 2
    await api.pool.execute("update wallet set pending = pending + 1")
    status, told = await run_report(database_url, "liability")
    assert (status, "wallets hold 2 on member.pending" in told) == (1, True)
