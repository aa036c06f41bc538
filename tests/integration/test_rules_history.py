"""The rules explain the ledger, drafts are replayed over it, and rules on trial or planned do what they should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from agents.replays import run_waiting_replays
from loyalty.clock import new_id, system_clock
from loyalty.services.auditing import Actor
from loyalty.services.earning import Recorded, award_transactions
from loyalty.services.replaying_history import get_replay, replay_history, request_replay
from loyalty.services.rules import activate_due_rules
from loyalty.services.rulesets import Rulesets
from loyalty.services.verifying_rules import RulesVerified, verify_rules
from loyalty.store import history
from loyalty.store.database import Connection, Pool
from schemas.admin.replays import NewReplay, ReplayResult
from schemas.admin.rules import NewRule
from tests.support.admin_api import AdminApi, admin_api
from tests.support.processes import LaurelProcess
from tests.support.rows import NOON, add_member, add_merchant, add_rule, add_transaction, laurel_pool, recorded

BASE: dict[str, Any] = {"name": "Base", "effect": {"type": "points_per_amount", "points": "1", "per": "1"}}
CAPPED: dict[str, Any] = {
    "name": "Fruit",
    "scope": {"type": "category", "values": ["FRUIT"]},
    "effect": {"type": "points_per_amount", "points": "3", "per": "1"},
    "limits": {"points_per_member": {"points": 25, "period": "day"}, "budget_points": 200},
}
WELCOME: dict[str, Any] = {
    "name": "Welcome",
    "effect": {"type": "fixed", "points": 100},
    "conditions": [{"field": "first_purchase", "op": "eq", "value": True}],
}
DOUBLE: dict[str, Any] = {"name": "Double", "effect": {"type": "multiplier", "factor": "2"}}
TESTER = Actor("system", "test")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    async with pool.acquire() as acquired:
        yield acquired


async def purchases(conn: Connection, member_id: UUID, count: int) -> list[Recorded]:
    merchant_id = await add_merchant(conn)
    items = [
        {"sku": "apple", "category": "FRUIT", "quantity": 1, "amount": "4.00"},
        {"sku": "bread", "category": "BAKERY", "quantity": 1, "amount": "6.50"},
    ]
    made = []
    for number in range(count):
        at = NOON + timedelta(hours=7 * number)
        transaction_id = await add_transaction(conn, member_id, merchant_id, 1050, items=items, at=at)
        made.append(recorded(member_id, transaction_id, "10.50", at=at, items=items, merchant_id=merchant_id))
    return made


async def award(conn: Connection, events: list[Recorded]) -> None:
    async with conn.transaction():
        await award_transactions(conn, events, system_clock, Rulesets())


async def verified(conn: Connection) -> RulesVerified:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return [found async for found in verify_rules(conn)][-1]


async def replayed(conn: Connection, *rules: dict[str, Any]) -> ReplayResult:
    result = None
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        async for one in replay_history(conn, [NewRule.model_validate(rule) for rule in rules]):
            result = one.result
    assert result is not None
    return result


async def test_the_rules_explain_every_award_through_changes_of_everything(conn: Connection) -> None:
    members = [await add_member(conn) for _ in range(3)]
    events = [event for member_id in members for event in await purchases(conn, member_id, 8)]
    await add_rule(conn, BASE)
    await award(conn, events[:5])
    await add_rule(conn, CAPPED)
    await add_rule(conn, WELCOME)
    await award(conn, events[5:12])
    await conn.execute("update program set rounding = 'up', ruleset_version = ruleset_version + 1")
    await award(conn, events[12:18])
    await add_rule(conn, DOUBLE)
    await conn.execute("update tier set multiplier = 1.25")
    await conn.execute("update program set ruleset_version = ruleset_version + 1")
    await award(conn, events[18:])
    found = await verified(conn)
    assert (found.awards, found.differences, found.unverifiable) == (24, 0, 0)
    assert found.points == await conn.fetchval("select sum(points) from award") > 0


async def test_workers_at_once_leave_an_order_that_explains_a_shared_budget(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await add_rule(conn, {**BASE, "limits": {"budget_points": 97}})
        batches = [await purchases(conn, await add_member(conn), 2) for _ in range(8)]

    async def one(batch: list[Recorded]) -> None:
        async with pool.acquire() as conn:
            await award(conn, batch)

    await asyncio.gather(*(one(batch) for batch in batches))
    async with pool.acquire() as conn:
        found = await verified(conn)
    assert (found.awards, found.points, found.differences) == (16, 97, 0)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("update award set points = points + 1", "the rules give 10 points, the award 11"),
        (
            "update award set receipt = jsonb_set(receipt, '{rules,0,points}', '9')",
            "the receipt 9 to",
        ),
        (
            "update posting set points = points + case when points < 0 then -1 else 1 end",
            "the journal has 11 points, the award 10",
        ),
    ],
)
async def test_what_was_changed_behind_the_rules_is_found(conn: Connection, damage: str, expected: str) -> None:
    await add_rule(conn, BASE)
    events = await purchases(conn, await add_member(conn), 3)
    await award(conn, events)
    target = events[1].event_id
    of_award, of_posting = "transaction_id = $1", "entry_id = (select entry_id from award where transaction_id = $1)"
    await conn.execute("set session_replication_role = replica")
    await conn.execute(f"{damage} where {of_posting if 'posting' in damage else of_award}", target)
    found = await verified(conn)
    assert (found.awards, found.differences) == (3, 1)
    assert found.first[0].transaction_id == target
    assert expected in found.first[0].detail


async def test_awards_from_before_the_record_are_told_apart(conn: Connection) -> None:
    await add_rule(conn, BASE)
    await award(conn, await purchases(conn, await add_member(conn), 2))
    await conn.execute("set session_replication_role = replica")
    await conn.execute("delete from ruleset")
    found = await verified(conn)
    assert (found.awards, found.differences, found.unverifiable) == (2, 0, 2)


async def test_the_rules_in_force_replayed_change_nothing(conn: Connection) -> None:
    for rule in (BASE, CAPPED, WELCOME):
        await add_rule(conn, rule)
    for _ in range(3):
        await award(conn, await purchases(conn, await add_member(conn), 6))
    result = await replayed(conn, BASE, CAPPED, WELCOME)
    assert (result.purchases, result.purchases_changed, result.points.difference) == (18, 0, 0)
    assert {rule.difference for rule in result.by_rule} == {0}
    assert (result.members, result.members_better, result.members_worse) == (3, 0, 0)


async def test_a_draft_is_told_by_rule_tier_and_member_in_points_and_money(conn: Connection) -> None:
    await add_rule(conn, BASE)
    some, other = await add_member(conn), await add_member(conn)
    await award(conn, await purchases(conn, some, 3) + await purchases(conn, other, 1))
    result = await replayed(conn, {**BASE, "effect": {"type": "points_per_amount", "points": "2", "per": "1"}}, WELCOME)
    assert (result.points.actual, result.points.draft) == (40, 84 + 200)
    assert (result.points.difference, result.points.difference_money) == (244, "2.44")
    by_rule = {rule.name: (rule.actual, rule.draft) for rule in result.by_rule}
    assert by_rule == {"Base": (40, 84), "Welcome": (0, 200)}
    assert [(tier.tier_code, tier.purchases, tier.difference) for tier in result.by_tier] == [("base", 4, 244)]
    assert [(one.member_id, one.difference) for one in result.best_off] == [(some, 133), (other, 111)]
    assert result.worst_off == []


async def test_a_replay_of_some_days_knows_what_came_before(conn: Connection) -> None:
    await add_rule(conn, BASE)
    await award(conn, await purchases(conn, await add_member(conn), 4))
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        async for one in replay_history(conn, [NewRule.model_validate(WELCOME)], NOON + timedelta(hours=1)):
            result = one.result
    assert result is not None
    assert (result.purchases, result.points.actual, result.points.draft) == (3, 30, 0)


async def ask(conn: Connection, *rules: dict[str, Any]) -> UUID:
    command = NewReplay.model_validate({"rules": list(rules)})
    async with conn.transaction():
        return (await request_replay(conn, command, TESTER, system_clock)).replay_id


async def test_replays_run_one_after_the_other_and_one_that_broke_off_is_begun_anew(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await add_rule(conn, BASE)
        await award(conn, await purchases(conn, await add_member(conn), 3))
        first, second = await ask(conn, DOUBLE, BASE), await ask(conn, BASE)
        await history.claim_replay(conn, NOON)
    assert await run_waiting_replays(pool, system_clock) == 2
    async with pool.acquire() as conn:
        done = [await get_replay(conn, replay_id) for replay_id in (first, second)]
    assert [(one.status, one.purchases_done) for one in done] == [("completed", 3)] * 2
    assert done[0].result is not None
    assert (done[0].result.points.actual, done[0].result.points.draft) == (30, 63)


async def test_only_one_process_runs_replays(pool: Pool) -> None:
    async with pool.acquire() as conn:
        replay_id = await ask(conn, BASE)
        assert await history.lead_replays(conn)
        assert await run_waiting_replays(pool, system_clock) == 0
        waiting = await get_replay(conn, replay_id)
    assert waiting.status == "queued"


async def test_a_cancelled_replay_stays_cancelled(pool: Pool) -> None:
    async with pool.acquire() as conn:
        replay_id = await ask(conn, BASE)
        await history.claim_replay(conn, NOON)
        assert await history.save_progress(conn, replay_id, 1, 2)
        await history.cancel_replay(conn, replay_id, NOON)
        assert not await history.save_progress(conn, replay_id, 2, 2)
        await history.finish_replay(conn, replay_id, NOON, done=2, error="late")
        found = await get_replay(conn, replay_id)
    assert (found.status, found.error) == ("cancelled", None)
    assert await run_waiting_replays(pool, system_clock) == 0


async def test_a_replay_that_keeps_breaking_off_fails(pool: Pool) -> None:
    async with pool.acquire() as conn:
        replay_id = await ask(conn, BASE)
        for _ in range(3):
            await history.claim_replay(conn, NOON)
    await run_waiting_replays(pool, system_clock)
    async with pool.acquire() as conn:
        found = await get_replay(conn, replay_id)
    assert (found.status, found.error) == ("failed", "broken off 3 times")


async def test_the_commands_say_what_they_found(
    pool: Pool, laurel_process: Callable[..., LaurelProcess], tmp_path: Any
) -> None:
    async with pool.acquire() as conn:
        await add_rule(conn, BASE)
        await award(conn, await purchases(conn, await add_member(conn), 3))
        replay_id = await ask(conn, BASE)
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps([{**BASE, "name": ""}, BASE]))
    commands = [["verify", "--json"], ["lint", str(draft)], ["run-replays"], ["replay", str(draft)]]
    processes = [laurel_process("rules", *command) for command in commands]
    statuses = [await asyncio.to_thread(process.popen.wait, 60) for process in processes]
    assert statuses == [0, 1, 0, 2]
    told = json.loads(processes[0].log_text())
    assert (told["ok"], told["awards"], told["points"], told["differences"]) == (True, 3, 30, 0)
    assert processes[1].log_text().startswith("/0/name: ")
    assert "/rules/0/name: " in processes[3].log_text()
    async with pool.acquire() as conn:
        found = await get_replay(conn, replay_id)
    assert found.status == "completed"


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


async def test_a_replay_is_asked_for_looked_at_and_given_up(api: AdminApi) -> None:
    body = {"rules": [BASE, DOUBLE], "from": "2017-01-01T00:00:00Z", "to": "2018-01-01T00:00:00Z"}
    asked = await api.admin.post("/earning-rules/replays", body)
    assert (asked.status, asked.body["status"], asked.body["rules"][1]["name"]) == (202, "queued", "Double")
    path = f"/earning-rules/replays/{asked.body['replay_id']}"
    assert asked.headers["Location"].endswith(path)
    assert (await api.as_role("viewer").get(path)).body["from"] == "2017-01-01T00:00:00Z"
    assert (await api.admin.post(f"{path}/cancel")).body["status"] == "cancelled"
    assert (await api.admin.post(f"{path}/cancel")).body["status"] == "cancelled"
    listed = (await api.as_role("viewer").get("/earning-rules/replays")).body["data"]
    assert [one["status"] for one in listed] == ["cancelled"]
    assert (await api.admin.get(f"/earning-rules/replays/{new_id()}")).status == 404
    wrong = await api.admin.post("/earning-rules/replays", {"rules": [{**BASE, "name": ""}]})
    assert (wrong.status, wrong.pointers) == (422, ["/rules/0/name"])
    backwards = await api.admin.post("/earning-rules/replays", {**body, "to": "2016-01-01T00:00:00Z"})
    assert backwards.status == 422


async def test_a_birthday_is_known_from_the_enrolment(api: AdminApi) -> None:
    birthday = {"field": "birthday", "op": "eq", "value": True}
    await activate(api, {"name": "Birthday", "effect": {"type": "fixed", "points": 7}, "conditions": [birthday]})
    made = await api.admin.post("/members", {"external_id": "card-1", "birth_date": "1990-03-05"})
    wrong = await api.admin.post("/members", {"external_id": "card-2", "birth_date": 7})
    assert (made.status, wrong.status, wrong.pointers) == (201, 422, ["/birth_date"])
    async with api.pool.acquire() as conn:
        await award(conn, await purchases(conn, UUID(made.body["member_id"]), 3))
        assert await conn.fetchval("select array_agg(points order by seq) from award") == [7, 7, 0]
        assert (await verified(conn)).differences == 0


async def test_a_rule_on_trial_awards_nothing_and_is_counted(api: AdminApi) -> None:
    await activate(api, BASE)
    rule_id = (await api.admin.post("/earning-rules", DOUBLE)).body["rule_id"]
    tried = await api.admin.post(f"/earning-rules/{rule_id}/try")
    assert (tried.body["status"], tried.body["active_version"]) == ("shadow", 1)
    async with api.pool.acquire() as conn:
        events = await purchases(conn, await add_member(conn), 3)
        await award(conn, events[:2])
        await award(conn, events[2:])
        assert await conn.fetchval("select sum(points) from award") == 30
        assert (await verified(conn)).differences == 0
    trial = (await api.as_role("viewer").get(f"/earning-rules/{rule_id}/trial")).body
    assert (trial["purchases"], trial["points"]) == (3, 30)
    assert [(day["day"], day["purchases"]) for day in trial["days"]] == [("2017-03-06", 1), ("2017-03-05", 2)]
    assert (await api.admin.post(f"/earning-rules/{rule_id}/activate")).body["status"] == "active"
    in_force = await api.admin.post(f"/earning-rules/{rule_id}/try")
    assert (in_force.status, in_force.code) == (409, "rule_in_force")


async def test_a_trial_has_limits_and_a_budget_of_its_own(api: AdminApi) -> None:
    """The rule in force and the trial give 10 a purchase; the trial 25 to a member and 40 in all."""
    await activate(api, {**BASE, "limits": {"budget_points": 1_000}})
    limits = {"points_per_member": {"points": 25, "period": "ever"}, "budget_points": 40}
    rule_id = (await api.admin.post("/earning-rules", {**DOUBLE, "limits": limits})).body["rule_id"]
    await api.admin.post(f"/earning-rules/{rule_id}/try")

    async def tried() -> tuple[int, int]:
        trial = (await api.as_role("viewer").get(f"/earning-rules/{rule_id}/trial")).body
        return trial["purchases"], trial["points"]

    async with api.pool.acquire() as conn:
        ada, grace = [await purchases(conn, await add_member(conn), 4) for _ in range(2)]
        await award(conn, ada[:1])
        assert await tried() == (1, 10)
        await award(conn, ada[1:])
        assert await tried() == (3, 25)
        await award(conn, grace)
        assert await tried() == (5, 40)
        assert await conn.fetchval("select sum(points) from award") == 80
        assert await conn.fetchval("select points from rule_budget_usage") == 80
        assert await conn.fetchval("select count(*) from rule_member_usage") == 0
        await api.admin.post(f"/earning-rules/{rule_id}/versions", {**DOUBLE, "limits": limits})
        await api.admin.post(f"/earning-rules/{rule_id}/try")
        await award(conn, await purchases(conn, ada[0].body.member_id, 1))
        assert await tried() == (6, 50)
        await api.admin.post(f"/earning-rules/{rule_id}/activate")
        await award(conn, await purchases(conn, ada[0].body.member_id, 1))
        assert await conn.fetchval("select points from award order by seq desc limit 1") == 21
        assert (await verified(conn)).differences == 0


async def test_workers_at_once_keep_a_trial_within_its_budget(api: AdminApi) -> None:
    rule_id = (await api.admin.post("/earning-rules", {**BASE, "limits": {"budget_points": 97}})).body["rule_id"]
    await api.admin.post(f"/earning-rules/{rule_id}/try")
    async with api.pool.acquire() as conn:
        batches = [await purchases(conn, await add_member(conn), 2) for _ in range(8)]

    async def one(batch: list[Recorded]) -> None:
        async with api.pool.acquire() as conn:
            await award(conn, batch)

    await asyncio.gather(*(one(batch) for batch in batches))
    assert (await api.as_role("viewer").get(f"/earning-rules/{rule_id}/trial")).body["points"] == 97


async def test_a_planned_activation_happens_when_its_time_has_come(api: AdminApi) -> None:
    rule_id = (await api.admin.post("/earning-rules", BASE)).body["rule_id"]
    at = system_clock() + timedelta(hours=1)
    planned = await api.admin.post(f"/earning-rules/{rule_id}/activate", {"at": at.isoformat()})
    assert (planned.body["status"], planned.body["scheduled_version"]) == ("draft", 1)
    async with api.pool.acquire() as conn, conn.transaction():
        await activate_due_rules(conn, lambda: at - timedelta(seconds=1))
        assert await conn.fetchval("select status from earning_rule") == "draft"
        await activate_due_rules(conn, lambda: at)
        await activate_due_rules(conn, lambda: at)
    shown = (await api.admin.get(f"/earning-rules/{rule_id}")).body
    assert (shown["status"], shown["active_version"], shown["scheduled_at"]) == ("active", 1, None)
    assert [event["payload"]["status"] for event in await api.events("rule.activated")] == ["active"]
    assert [entry["action"] for entry in await api.audited()] == [
        "earning_rule.created",
        "earning_rule.scheduled",
        "earning_rule.activated",
    ]


async def test_activating_or_retiring_now_takes_the_plan_back(api: AdminApi) -> None:
    later = (system_clock() + timedelta(hours=1)).isoformat()
    for verb, status in (("activate", "active"), ("retire", "retired")):
        rule_id = (await api.admin.post("/earning-rules", BASE)).body["rule_id"]
        await api.admin.post(f"/earning-rules/{rule_id}/activate", {"at": later})
        now = (await api.admin.post(f"/earning-rules/{rule_id}/{verb}")).body
        assert (now["status"], now["scheduled_at"]) == (status, None)


async def activate(api: AdminApi, definition: dict[str, Any]) -> str:
    rule_id: str = (await api.admin.post("/earning-rules", definition)).body["rule_id"]
    assert (await api.admin.post(f"/earning-rules/{rule_id}/activate")).status == 200
    return rule_id
