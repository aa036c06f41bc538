"""Bodies that are nearly right, thousands of them: never a 5xx, never an answer that is not in the document.

LAUREL_TEST_LONG=1 sends many more. The seed is printed with a failure.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import random
from typing import Any

import pytest

from tests.integration.customer.conftest import Shop
from tests.support.apis import Client

ROUNDS = 3_000 if os.environ.get("LAUREL_TEST_LONG") else 150
AT_ONCE = 10

NASTY: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    -(10**30),
    1e308,
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202e",
    "💥" * 60,
    "x" * 300,
    "-1",
    "1e9",
    "0x10",
    "NaN",
    "999999999999999999999999.99",
    "٣",
    "'; drop table member; --",
    "019a0000-0000-7000-8000-000000000001",
    "{019a0000-0000-7000-8000-000000000001}",
    "2017-02-30T00:00:00Z",
    "2017-01-01T24:00:00Z",
    "2017-01-01T00:00:60Z",
    "9999-12-31T23:59:59+23:59",
    [],
    [[]],
    {},
    {"": {}},
    [None] * 600,
]


def _seeded() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def _mutated(rng: random.Random, body: Any) -> Any:
    """The body with one to three things in it replaced, taken out, added or doubled."""
    changed = copy.deepcopy(body)
    for _ in range(rng.randint(1, 3)):
        _mutate(rng, changed)
    return changed


def _mutate(rng: random.Random, value: Any) -> None:
    if isinstance(value, dict) and value:
        name = rng.choice(list(value))
        if isinstance(value[name], dict | list) and value[name] and rng.random() < 0.7:
            _mutate(rng, value[name])
        elif rng.random() < 0.2:
            del value[name]
        elif rng.random() < 0.1:
            value[rng.choice(["x", "\x00", "a/b~c", "__proto__"])] = rng.choice(NASTY)
        else:
            value[name] = copy.deepcopy(rng.choice(NASTY))
    elif isinstance(value, list) and value:
        if isinstance(value[0], dict) and rng.random() < 0.7:
            _mutate(rng, rng.choice([each for each in value if isinstance(each, dict)]))
        else:
            value.append(copy.deepcopy(rng.choice(NASTY)))


def _text(rng: random.Random, body: Any) -> bytes:
    """The body as JSON, now and then with a byte changed."""
    raw = bytearray(json.dumps(body).encode())
    if rng.random() < 0.2:
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


@pytest.fixture
def bodies(shop: Shop) -> dict[str, Any]:
    items = [{"sku": "a", "category": "x", "quantity": 2, "amount": "12.34"}]
    return {
        "/transaction": shop.purchase(external_id="b", occurred_at="2017-03-01T12:00:00Z", items=items, receipt="x"),
        "/redeem": {"reward_id": str(shop.reward_id)},
        "/register": {"email": "ada@example.com", "password": "correct horse", "name": "Ada"},
        "/login": {"email": "ada@example.com", "password": "correct horse"},
        "/refresh": {"refresh_token": "x" * 43},
        "/logout": {"refresh_token": "x" * 43},
    }


async def test_no_body_makes_an_answer_that_is_not_documented(member: Client, bodies: dict[str, Any]) -> None:
    rng = _seeded()
    statuses: set[int] = set()
    for path, body in bodies.items():
        sent = [_text(rng, _mutated(rng, body)) for _ in range(ROUNDS)]
        for start in range(0, len(sent), AT_ONCE):
            replies = await asyncio.gather(*[member.post(path, raw) for raw in sent[start : start + AT_ONCE]])
            statuses |= {reply.status for reply in replies}
    assert {status for status in statuses if status >= 500} == set()
    assert {400, 422} <= statuses


async def test_no_query_makes_an_answer_that_is_not_documented(member: Client) -> None:
    rng = _seeded()
    for path in ("/transactions", "/rewards", "/redemptions"):
        for _ in range(ROUNDS // 5):
            names = rng.choices(["limit", "cursor", "x", "%00", ""], k=rng.randint(1, 3))
            values = ["1", "0", "-1", "1e3", "%00", "%ff", "%F0%9F%92%A5", "a" * 400, "", "null", "[]", "100", "101"]
            query = "&".join(f"{name}={rng.choice(values)}" for name in names)
            reply = await member.get(f"{path}?{query}")
            assert reply.status in (200, 422), query
