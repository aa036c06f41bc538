"""Real purchases through the real system, against an answer that shares no code with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.journey.baskets import ALL_BASKETS, read_participants
from cli.journey.client import ApiClient
from cli.journey.enrolling import logins_of
from loyalty.store.database import Pool
from tests.e2e.oracle import points_by_household as oracle
from tests.support.audits import ledger_faults, points_by_household, published
from tests.support.campaigns import sized, write_report
from tests.support.system import System

pytestmark = pytest.mark.timeout(sized(300, 3_600))

BASKETS = sized(5_000, ALL_BASKETS)


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """A system in which nothing happens but the replay."""
    return own_system


@pytest.fixture(scope="module")
def replayed(system: System) -> dict[str, Any]:
    """The summary of `laurel replay` over BASKETS baskets: sent once, looked at by many."""
    file = system.folder / "replay.json"
    urls = [f"--customer-url={url}" for url in system.customer_urls]
    system.laurel("replay", f"--baskets={BASKETS}", f"--json={file}", *urls)
    summary: dict[str, Any] = json.loads(file.read_text())
    write_report("replay", summary)
    return summary


async def test_every_household_has_the_points_that_the_file_itself_gives(
    replayed: dict[str, Any], database: Pool
) -> None:
    async with database.acquire() as conn:
        found = await points_by_household(conn)
    expected = oracle(BASKETS)
    assert {one: (found.get(one), points) for one, points in expected.items() if found.get(one) != points} == {}
    assert found.keys() == expected.keys()
    assert sum(expected.values()) == replayed["points_issued"]


async def test_every_purchase_was_recorded_and_decided(replayed: dict[str, Any]) -> None:
    assert replayed["ok"]
    assert (replayed["recorded"], replayed["already_recorded"], replayed["rejected"]) == (BASKETS, 0, 0)


async def test_members_were_told_of_their_points(replayed: dict[str, Any]) -> None:
    latency = replayed["latency"]
    assert latency["samples"] > 0
    assert latency["unseen"] == 0
    assert latency["p50_ms"] <= latency["p99_ms"]


async def test_redemptions_were_granted_and_refused_for_their_reasons(replayed: dict[str, Any]) -> None:
    redemptions = replayed["redemptions"]
    assert redemptions["completed"] > 0
    assert redemptions["pending"] == 0
    assert redemptions["reasons"].keys() >= {"insufficient_points", "limit_reached", "tier_not_eligible"}
    assert sum(redemptions["reasons"].values()) == redemptions["rejected"]


async def test_every_reward_has_its_picture(replayed: dict[str, Any], client: ApiClient, database: Pool) -> None:
    async with database.acquire() as conn:
        member = await conn.fetchval("select id from member where external_id = 'household-900'")
    rewards = (await client.get(member, "/api/customer/rewards?limit=100")).body["data"]
    pictures = [reward["image_url"] for reward in rewards if reward["image_url"]]
    assert len(pictures) == 12
    for picture in pictures:
        async with client.session.get(client.urls[0] + picture) as response:
            assert (response.status, response.content_type) == (200, "image/svg+xml")


async def test_who_has_a_password_can_sign_in_with_it(
    replayed: dict[str, Any], system: System, client: ApiClient
) -> None:
    households, _ = read_participants(BASKETS)
    for login in logins_of(households, system.settings.signing_key).values():
        assert login.email in replayed["logins"]
        credentials = {"email": login.email, "password": login.password}
        async with client.session.post(f"{client.urls[0]}/api/customer/login", json=credentials) as response:
            session = await response.json()
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        async with client.session.get(f"{client.urls[1]}/api/customer/points", headers=headers) as response:
            assert (await response.json())["available"] > 0


async def test_the_ledger_is_sound(replayed: dict[str, Any], system: System, database: Pool) -> None:
    async with database.acquire() as conn:
        faults = await ledger_faults(conn)
    assert faults == dict.fromkeys(faults, 0)
    assert json.loads(system.laurel("ledger", "verify", "--json").stdout)


async def test_kafka_has_every_event_once_and_in_order_for_its_member(
    replayed: dict[str, Any], system: System, database: Pool
) -> None:
    findings = await published(system, database, timeout_seconds=30)
    assert findings.clean, findings
    assert findings.repeated == 0


async def test_doing_it_again_does_nothing_and_says_so(
    replayed: dict[str, Any], system: System, database: Pool
) -> None:
    before = await _everything(database)
    file = system.folder / "again.json"
    said = system.laurel(
        "replay", "--baskets=300", f"--json={file}", f"--customer-url={system.customer_urls[0]}"
    ).stdout
    again = json.loads(file.read_text())
    assert (again["recorded"], again["already_recorded"], again["points_issued"]) == (0, 300, 0)
    assert "300 were there already: nothing was done for them" in " ".join(said.split())
    assert await _everything(database) == before


async def _everything(database: Pool) -> dict[str, int]:
    async with database.acquire() as conn:
        row = await conn.fetchrow(
            """select (select count(*) from transaction) as transactions, (select count(*) from award) as awards,
            (select count(*) from member) as members, (select count(*) from reward) as rewards"""
        )
    assert row is not None
    return dict(row)
