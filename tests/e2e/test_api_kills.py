"""One key, fifty requests, two processes, and a kill between the commit and the answer: one effect, one answer."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from api.kit.tokens import mint_access_token
from loyalty.store.database import Pool
from tests.conftest import StartLaurel
from tests.support.apis import SIGNING_KEY, free_port
from tests.support.campaigns import seeded, sized, write_report
from tests.support.processes import LaurelProcess
from tests.support.proxy import Proxy
from tests.support.rows import add_member, add_merchant, laurel_pool

ROUNDS = sized(2, 60)
REQUESTS = 50
READY_SECONDS = 60
LOST = (aiohttp.ClientError, ConnectionError, TimeoutError)
Eventually = Callable[..., Any]


@dataclass(slots=True)
class Side:
    """An API process behind a proxy that can lose its answers."""

    start: Callable[[], LaurelProcess]
    process: LaurelProcess
    proxy: Proxy

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.proxy.own_port}/api/customer/transaction"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Sends one purchase of a member under one key, as often as it takes."""

    session: aiohttp.ClientSession
    token: str
    body: dict[str, Any]
    key: str

    async def ask(self, url: str) -> tuple[int, dict[str, Any]] | None:
        """The answer, or None when it was lost."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": self.key}
        try:
            async with self.session.post(url, json=self.body, headers=headers) as answer:
                return answer.status, await answer.json()
        except LOST:
            return None

    async def insist(self, *urls: str) -> tuple[int, dict[str, Any]]:
        """Asks one after the other until there is an answer: what any client with a retry does."""
        while True:
            for url in urls:
                if answer := await self.ask(url):
                    return answer


@pytest.fixture
async def rows(database_url: str) -> AsyncIterator[Pool]:
    async with laurel_pool(database_url) as pool:
        yield pool


@pytest.fixture
async def sides(laurel_process: StartLaurel, eventually: Eventually) -> AsyncIterator[tuple[Side, Side]]:
    async with AsyncExitStack() as stack:
        made = [await _side(laurel_process, stack) for _ in range(2)]
        for side in made:
            await eventually(lambda side=side: _is_ready(side.process), READY_SECONDS)
        yield made[0], made[1]


async def _side(laurel_process: StartLaurel, stack: AsyncExitStack) -> Side:
    port = free_port()
    environment = {
        "LAUREL_CUSTOMER_API_PORT": str(port),
        "LAUREL_SIGNING_KEY": SIGNING_KEY.get_secret_value(),
        "LAUREL_TRANSACTION_TRUST": "open",
        "LAUREL_RATE_LIMIT_PER_MINUTE": "1000000",
    }

    def start() -> LaurelProcess:
        return laurel_process("customer-api", **environment)

    proxy = Proxy("127.0.0.1", port)
    await proxy.mend()
    stack.push_async_callback(proxy.cut)
    return Side(start, start(), proxy)


@pytest.mark.slow
@pytest.mark.timeout(sized(180, 1_800))
async def test_a_kill_between_commit_and_answer_leaves_one_effect_and_one_answer(
    sides: tuple[Side, Side], rows: Pool, eventually: Eventually
) -> None:
    rng = seeded("api-kills")
    async with rows.acquire() as conn:
        member, merchant = await add_member(conn), await add_merchant(conn)
    unanswered = 0
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        for number in range(ROUNDS):
            doomed, other = rng.sample(sides, 2)
            buyer = _buyer(session, member, merchant, number)
            deaf = number % 2 == 0
            await _until_ready(eventually, doomed, other)
            replies, lost = await _round(buyer, doomed, other, rows, deaf=deaf, rng=rng)
            unanswered += lost
            assert {status for status, _ in replies} == {201}
            assert len({json.dumps(body, sort_keys=True) for _, body in replies}) == 1, "more than one answer"
            assert await _effects(rows) == (number + 1, number + 1, number + 1)
    write_report("api-kills", {"rounds": ROUNDS, "requests": ROUNDS * REQUESTS, "killed_before_an_answer": unanswered})
    assert unanswered == (ROUNDS + 1) // 2


def _buyer(session: aiohttp.ClientSession, member: UUID, merchant: UUID, number: int) -> Buyer:
    token = mint_access_token(SIGNING_KEY, member, "customer", seconds=3_600)
    body = {"amount": f"{number + 1}.00", "currency": "GBP", "merchant_id": str(merchant)}
    return Buyer(session, token, body, f"round-{number}")


async def _round(
    buyer: Buyer, doomed: Side, other: Side, rows: Pool, *, deaf: bool, rng: random.Random
) -> tuple[list[tuple[int, dict[str, Any]]], bool]:
    """All answers in the end, and whether the process died after its commit without one answer having left it.

    Deaf: the doomed process alone is asked first, and dies once its effect is in the database. Else both are asked at
    once, and it dies whenever chance wants it to.
    """
    doomed.proxy.deaf = deaf
    first = [asyncio.ensure_future(buyer.ask(doomed.url)) for _ in range(REQUESTS // 2)]
    second = [] if deaf else [asyncio.ensure_future(buyer.insist(other.url)) for _ in range(REQUESTS // 2)]
    if deaf:
        await _committed(rows, buyer.key)
    else:
        await asyncio.sleep(rng.uniform(0, 0.05))
    doomed.process.kill()
    at_death = [reply for reply in await asyncio.gather(*first) if reply]
    second += [asyncio.ensure_future(buyer.insist(other.url)) for _ in range(REQUESTS - len(second) - len(at_death))]
    return [*at_death, *await asyncio.gather(*second)], deaf and not at_death


async def _committed(rows: Pool, key: str) -> None:
    async with asyncio.timeout(20), rows.acquire() as conn:
        while not await conn.fetchval("select true from idempotency_key where key = $1", key):
            pass


async def _until_ready(eventually: Eventually, *sides: Side) -> None:
    for side in sides:
        side.proxy.deaf = False
        if not side.process.running():
            side.process = side.start()
        await eventually(lambda side=side: _is_ready(side.process), READY_SECONDS)


def _is_ready(process: LaurelProcess) -> bool:
    assert process.running(), process.log_text()
    return "api_ready" in process.log_text()


async def _effects(rows: Pool) -> tuple[int, int, int]:
    """Purchases, events and answers that are stored."""
    counts = [await rows.fetchval(f"select count(*) from {t}") for t in ("transaction", "outbox", "idempotency_key")]
    return counts[0], counts[1], counts[2]
