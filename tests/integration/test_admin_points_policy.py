"""What the program promises about its points, through the Admin API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.admin_api import AdminApi, admin_api

FULL = {
    "pending_days": 14,
    "expiry": {"mode": "fixed_day", "month_day": "03-31", "years": 1},
    "refund_policy": "unlimited",
    "hold_at_request": True,
    "expired_lot_grace_days": 30,
    "transfers": {"enabled": True, "minimum_points": 10, "points_per_month": 5_000},
}


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def test_the_policy_is_replaced_as_a_whole_and_audited(api: AdminApi) -> None:
    before = (await api.as_role("viewer").get("/program/points")).body
    assert (before["pending_days"], before["expiry"]) == (0, {"mode": "none"})
    reply = await api.admin.put("/program/points", FULL)
    assert (reply.status, reply.body) == (200, FULL)
    program = (await api.as_role("viewer").get("/program")).body
    assert program["points"] == FULL
    assert program["ruleset_version"] == 2
    [entry] = await api.audited()
    assert entry["action"] == "points_policy.replaced"
    assert (entry["before"]["pending_days"], entry["after"]["pending_days"]) == (0, 14)
    assert (await api.admin.put("/program/points", {})).body == before
    assert (await api.as_role("viewer").get("/program")).body["ruleset_version"] == 3


async def test_what_does_not_change_when_points_come_and_go_leaves_the_rules_alone(api: AdminApi) -> None:
    await api.admin.put("/program/points", {"refund_policy": "only_pending"})
    await api.admin.put("/program/points", {"refund_policy": "only_pending"})
    assert (await api.admin.get("/program")).body["ruleset_version"] == 1
    assert len(await api.audited()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"pending_days": -1},
        {"pending_days": 366},
        {"pending_days": "14"},
        {"expiry": {"mode": "months"}},
        {"expiry": {"mode": "months", "months": 0}},
        {"expiry": {"mode": "fixed_day", "month_day": "02-29"}},
        {"expiry": {"mode": "fixed_day", "month_day": "13-01"}},
        {"expiry": {"mode": "none", "months": 3}},
        {"refund_policy": "sometimes"},
        {"expired_lot_grace_days": 0},
        {"transfers": {"enabled": True, "minimum_points": 0}},
        {"unknown": 1},
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(api: AdminApi, wrong: dict[str, Any]) -> None:
    assert (await api.admin.put("/program/points", wrong)).status == 422


async def test_only_an_admin_changes_it(api: AdminApi) -> None:
    assert (await api.as_role("operator").put("/program/points", FULL)).status == 403
