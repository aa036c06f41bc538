"""First answers to requests that carried an Idempotency-Key."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.store.database import Connection
from loyalty.store.queries import queries


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    request_hash: bytes
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer with the key it is kept under."""

    caller: str
    route: str
    key: str
    answer: StoredAnswer


class KeyTaken(Exception):
    """Another request with this key has committed meanwhile."""


async def find(conn: Connection, *, caller: str, route: str, key: str) -> StoredAnswer | None:
    """The first answer under this key, if there is one."""
    row = await queries.find_idempotent_answer(conn, caller=caller, route=route, key=key)
    return StoredAnswer(row["request_hash"], row["status"], row["headers"], row["body"]) if row else None


async def remember(conn: Connection, *, caller: str, route: str, key: str, answer: StoredAnswer, at: datetime) -> bool:
    """Store the first answer. False when the key is taken, after waiting for whoever is taking it."""
    stored = await queries.insert_idempotent_answer(
        conn,
        caller=caller,
        route=route,
        key=key,
        request_hash=answer.request_hash,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        created_at=at,
    )
    return stored is not None


async def forget(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` keys stored before `before`. Returns how many."""
    deleted: int = await queries.delete_idempotent_answers(conn, before=before, row_limit=limit)
    return deleted
