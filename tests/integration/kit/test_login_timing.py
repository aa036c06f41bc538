"""Whether an account exists cannot be told from how long a refused sign-in takes.

Each pair of sign-ins, one for an account that exists and one for none, is sent in an order of chance, so that whatever
else slows the machine falls on both alike. Wilcoxon's signed-rank statistic of the differences is then normal with mean
0 if they are alike: beyond LIMIT it lies once in 37,000 runs. That the statistic sees a difference where there is one
is shown on requests that are refused without a password being checked.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import pytest

from api.customer.app import create_app
from api.kit.passwords import ARGON2ID
from tests.support.admin_api import admin_api
from tests.support.apis import client_of, serving, settings_for
from tests.support.campaigns import seeded, sized, write_report

PAIRS = sized(30, 1_000)
LIMIT = 4.2
SEEN = 3.0
"""What a difference has to come to in the control, also when the machine stalls in the midst of a pair or two."""
KNOWN, UNKNOWN = "ada@example.com", "nobody@example.com"
PASSWORD, WRONG = "correct horse battery", "wrong horse battery"

SignIn = Callable[[Any], Awaitable[Any]]


def signed_rank(differences: list[float]) -> float:
    """Wilcoxon's signed-rank statistic in standard deviations. Ties share their ranks; zeros are left out."""
    kept = sorted((each for each in differences if each), key=abs)
    count = len(kept)
    positive = sum(rank for rank, each in enumerate(kept, 1) if each > 0)
    deviation = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    return (positive - count * (count + 1) / 4) / deviation


async def seconds_of(sign_in: SignIn, body: Any, status: int) -> float:
    started = time.perf_counter()
    reply = await sign_in(body)
    taken = time.perf_counter() - started
    assert reply.status == status, reply.body
    return taken


async def differences_of(rng: random.Random, sign_in: SignIn, one: Any, other: Any, other_status: int) -> list[float]:
    """One's seconds less the other's, pair by pair."""
    found = []
    for _ in range(PAIRS):
        pair = [(0, one, 401), (1, other, other_status)]
        rng.shuffle(pair)
        taken = {which: await seconds_of(sign_in, body, status) for which, body, status in pair}
        found.append(taken[0] - taken[1])
    return found


async def check(name: str, sign_in: SignIn) -> None:
    rng = seeded(f"login-timing-{name}")
    wrong, nobody = {"email": KNOWN, "password": WRONG}, {"email": UNKNOWN, "password": WRONG}
    differences = await differences_of(rng, sign_in, wrong, nobody, 401)
    alike = signed_rank(differences)
    control = signed_rank(await differences_of(rng, sign_in, wrong, {"email": UNKNOWN}, 422))
    found = {"standard_deviations": alike, "of_the_control": control, "median_us": round(median(differences) * 1e6)}
    write_report(f"login-timing-{name}", {"pairs": PAIRS, **found})
    assert control > SEEN, "the test would not see a difference"
    assert abs(alike) < LIMIT


@pytest.mark.slow
@pytest.mark.timeout(sized(120, 1_800))
async def test_a_members_account_cannot_be_told_by_time(database_url: str, redis_url: str) -> None:
    async with (
        serving(create_app(settings_for(database_url, redis_url))) as url,
        client_of(url, "/api/customer") as client,
    ):
        joined = await client.post("/register", {"email": KNOWN, "password": PASSWORD, "name": "Ada"})
        assert joined.status == 201
        await check("customer", lambda body: client.post("/login", body))


@pytest.mark.slow
@pytest.mark.timeout(sized(120, 1_800))
async def test_an_administrators_account_cannot_be_told_by_time(database_url: str, redis_url: str) -> None:
    async with admin_api(database_url, redis_url) as api:
        await api.pool.execute(
            "update admin set email = $1, password_hash = $2 where id = $3",
            KNOWN,
            ARGON2ID.hash(PASSWORD),
            api.admins["viewer"],
        )
        await check("admin", lambda body: api.client().post("/login", body))


def test_the_statistic_is_that_of_the_textbook() -> None:
    assert signed_rank([1.0, 2.0, 3.0, 4.0]) == pytest.approx(5 / math.sqrt(7.5))
    assert signed_rank([1.0, -2.0, 3.0, -4.0]) == pytest.approx(-1 / math.sqrt(7.5))
