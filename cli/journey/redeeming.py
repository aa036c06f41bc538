"""Redemptions after the shopping: members ask, the worker decides, we count what it decided."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from cli.journey.client import Answer, ApiClient
from cli.journey.progress import Advance
from cli.journey.summary import Redemptions
from cli.journey.wishes import Wish, wishes_of

REDEEM_PATH = "/api/customer/redeem"
REDEMPTIONS_PATH = "/api/customer/redemptions"
REWARDS_PATH = "/api/customer/rewards?limit=100"
ASKING_AT_ONCE = 8
DECISION_SECONDS = 60.0
FIRST_LOOK_SECONDS = 0.02
LONGEST_LOOK_SECONDS = 1.0


class Unexpected(Exception):
    """The API answered what it should never answer here."""


async def redeem(client: ApiClient, askers: Sequence[UUID], advance: Advance) -> Redemptions:
    """Every asker asks for what they wish, one thing after another. Who has asked before does not ask again.

    Raises GaveUp and Unexpected, in an ExceptionGroup.
    """
    turns = asyncio.Semaphore(ASKING_AT_ONCE)

    async def one(number: int, member_id: UUID) -> list[tuple[str, str | None]] | None:
        async with turns:
            decided = await _ask(client, number, member_id)
        advance()
        return decided

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, member)) for number, member in enumerate(askers)]
    return _counted(task.result() for task in tasks)


async def _ask(client: ApiClient, number: int, member_id: UUID) -> list[tuple[str, str | None]] | None:
    before = _expect(await client.get(member_id, f"{REDEMPTIONS_PATH}?limit=1"), 200)
    if before.body["data"]:
        return None
    rewards = _expect(await client.get(member_id, REWARDS_PATH), 200).body["data"]
    wishes = list(wishes_of(member_id, number, rewards))
    asked = [await _redeem(client, wish) for wish in wishes]
    return [await _decision(client, member_id, redemption_id) for redemption_id in asked]


async def _redeem(client: ApiClient, wish: Wish) -> str:
    answer = await client.post(wish.member_id, REDEEM_PATH, {"reward_id": wish.reward_id}, wish.key)
    return str(_expect(answer, 202).body["redemption_id"])


async def _decision(client: ApiClient, member_id: UUID, redemption_id: str) -> tuple[str, str | None]:
    """The redemption's outcome and reason; "pending" when it is not decided in DECISION_SECONDS."""
    deadline = time.monotonic() + DECISION_SECONDS
    pause = FIRST_LOOK_SECONDS
    while True:
        seen = _expect(await client.get(member_id, f"{REDEMPTIONS_PATH}/{redemption_id}"), 200).body
        if seen["status"] != "pending" or time.monotonic() > deadline:
            return seen["status"], seen["reason"]
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_LOOK_SECONDS)


def _expect(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise Unexpected(f"{answer.status} instead of {status}: {dict(answer.body)}")
    return answer


def _counted(decided: Iterable[list[tuple[str, str | None]] | None]) -> Redemptions:
    each = list(decided)
    outcomes = [one for decisions in each if decisions is not None for one in decisions]
    by_status = Counter(status for status, _ in outcomes)
    reasons = Counter(reason for _, reason in outcomes if reason is not None)
    return Redemptions(
        by_status["completed"], by_status["rejected"], by_status["pending"], each.count(None), dict(reasons)
    )
