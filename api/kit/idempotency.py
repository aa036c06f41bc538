"""The same request twice has one effect and one answer.

The first answer is stored in the transaction of its effect, at its end, and the key is looked up only when it turns out
to be taken: nearly every request is a first one, so it does not pay to ask before. The insert of a second request waits
for a first one that is still running, finds the key taken, and rolls back its own effect to answer as the first did. A
refusal stores nothing: it had no effect, and the same key may be used again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel

from api.kit.deps import Deps
from api.kit.errors import IdempotencyKeyMissing, IdempotencyKeyReused
from api.kit.routes import Answer
from loyalty.errors import LaurelError
from loyalty.store import idempotency as store
from loyalty.store.database import Connection, connection, transaction
from loyalty.store.idempotency import KeptAnswer, KeyTaken, StoredAnswer

HEADER = "idempotency-key"
KEY_PATTERN = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")

Effect = Callable[[Connection], Awaitable[Answer]]
AtOnce = Callable[["Attempt"], Awaitable[Answer | None]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that may have been made before: its key in the scope of caller and route, and what it asks."""

    caller: str
    route: str
    key: str
    request_hash: bytes

    def keep(self, answer: Answer) -> KeptAnswer:
        """The answer, to be stored with the effect."""
        stored = StoredAnswer(self.request_hash, answer.status, dict(answer.headers), body_bytes(answer))
        return KeptAnswer(self.caller, self.route, self.key, stored)


def key_of(header: str | None) -> str:
    """The key in the header. Raises IdempotencyKeyMissing."""
    if header is None:
        raise IdempotencyKeyMissing([("/Idempotency-Key", "This header is required")])
    if not KEY_PATTERN.fullmatch(header):
        raise IdempotencyKeyMissing([("/Idempotency-Key", "1 to 255 printable ASCII characters are allowed")])
    return header


def hash_request(path: str, body: Any) -> bytes:
    """What a request asks for: equal for bodies that are equal as JSON, however they were written."""
    return hashlib.sha256(path.encode() + b"\n" + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()


async def once(deps: Deps, attempt: Attempt, effect: Effect, at_once: AtOnce) -> Answer:
    """The answer of `effect`, which is run in a transaction unless it was before. Raises IdempotencyKeyReused.

    `at_once` may do the same and keep the answer in a single statement; when it gives none it has done nothing.
    """
    try:
        if answer := await at_once(attempt):
            deps.poke.poke()
            return answer
        async with transaction(deps.pool, wait_seconds=deps.settings.database_wait_seconds) as conn:
            answer = await effect(conn)
            await _store(conn, deps, attempt, answer)
    except (KeyTaken, LaurelError):
        # A refusal may be the effect of the first request seen by the second: then the first answer holds.
        async with connection(deps.pool, wait_seconds=deps.settings.database_wait_seconds) as conn:
            if first := await _first_answer(conn, attempt):
                return first
        raise
    deps.poke.poke()
    return answer


async def _first_answer(conn: Connection, attempt: Attempt) -> Answer | None:
    stored = await store.find(conn, caller=attempt.caller, route=attempt.route, key=attempt.key)
    if stored is None:
        return None
    if stored.request_hash != attempt.request_hash:
        raise IdempotencyKeyReused
    return Answer(stored.status, stored.body, {**stored.headers, "Idempotency-Replayed": "true"})


async def _store(conn: Connection, deps: Deps, attempt: Attempt, answer: Answer) -> None:
    kept = attempt.keep(answer)
    taken = not await store.remember(
        conn, caller=kept.caller, route=kept.route, key=kept.key, answer=kept.answer, at=deps.clock()
    )
    if taken:
        raise KeyTaken


def body_bytes(answer: Answer) -> bytes:
    """The body as it is sent."""
    return encoded(answer.body) if isinstance(answer.body, BaseModel) else answer.body or b""


def encoded(model: BaseModel) -> bytes:
    """As `model_dump_json` with aliases, in bytes at once."""
    return model.__pydantic_serializer__.to_json(model, by_alias=True)
