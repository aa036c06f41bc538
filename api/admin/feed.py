"""/events: what changes, pushed to the console as server-sent events.

Every stream looks for itself, once in a while: administrators are few. Changes are read again for a moment after they
were made, since the one that was made first may be committed last; a stream tells each once. An event's id is a time in
milliseconds: with Last-Event-ID the stream goes on there, at any process, and tells the last seconds once more.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from uuid import UUID

import structlog
from pydantic import BaseModel

from api.admin.pipeline import read_pipeline
from api.admin.table import tagged
from api.kit.errors import InvalidHeader, Unavailable
from api.kit.routes import VIEWER, Call, Database, EventStream, Route
from loyalty.clock import first_id_at
from loyalty.store import admins, audit
from loyalty.store.database import DATABASE_AWAY
from schemas.admin.access import AuditEntry
from schemas.admin.pipeline import Pipeline

log = structlog.get_logger("api.feed")

LOOK_SECONDS = 2.0
HEARTBEAT_SECONDS = 12.0
LATE_COMMITS_MS = 15_000
ENTRIES_AT_ONCE = 200
STREAMS_LIMIT = 50
MILLISECONDS = re.compile(r"[0-9]{1,13}", re.ASCII)

EVENTS: dict[str, type[BaseModel]] = {"pipeline.changed": Pipeline, "audit.recorded": AuditEntry}

_open_streams: set[object] = set()


class Feed:
    """What one stream has told. Times are those of the entries' ids, in milliseconds."""

    def __init__(self, call: Call[None, None], last_seen_ms: int | None) -> None:
        self._call = call
        now_ms = int(call.deps.clock().timestamp() * 1000)
        self._from_ms = now_ms if last_seen_ms is None else max(0, last_seen_ms - LATE_COMMITS_MS)
        self._told: dict[UUID, int] = {}
        self._figures: Pipeline | None = None

    async def look(self) -> list[bytes] | None:
        """What is new, as events; None when the administrator may no longer look."""
        async with self._call.lent() as conn:
            if not (await admins.get_admin(conn, self._call.principal.id)).active:
                return None
            figures = await read_pipeline(conn, self._call.deps)
            from_id = first_id_at(datetime.fromtimestamp(self._from_ms / 1000, UTC))
            entries = await audit.list_since(conn, from_id, ENTRIES_AT_ONCE)
        return [*self._changed(figures), *self._recorded(entries)]

    def _changed(self, figures: Pipeline) -> list[bytes]:
        before, self._figures = self._figures, figures
        if before is not None and before.model_copy(update={"as_of": figures.as_of}) == figures:
            return []
        return [_event("pipeline.changed", figures, int(figures.as_of.timestamp() * 1000))]

    def _recorded(self, entries: list[AuditEntry]) -> list[bytes]:
        new = {entry.audit_id: _made_ms(entry.audit_id) for entry in entries if entry.audit_id not in self._told}
        if entries:
            overlap_ms = 0 if len(entries) == ENTRIES_AT_ONCE else LATE_COMMITS_MS
            self._from_ms = max(self._from_ms, _made_ms(entries[-1].audit_id) - overlap_ms)
        self._told = {told: made for told, made in (self._told | new).items() if made >= self._from_ms}
        return [_event("audit.recorded", entry, new[entry.audit_id]) for entry in entries if entry.audit_id in new]


async def get_events(call: Call[None, None]) -> EventStream:
    if len(_open_streams) >= STREAMS_LIMIT:
        raise Unavailable("This process takes no more event streams.")
    return EventStream(_stream(call, Feed(call, _last_seen_ms(call.headers.get("last-event-id")))))


async def _stream(call: Call[None, None], feed: Feed) -> AsyncGenerator[bytes, None]:
    _open_streams.add(feed)
    try:
        yield b"retry: 1000\n\n"
        said = time.monotonic()
        while time.time() < (call.principal.expires_at or float("inf")) and not call.deps.hub.closed:
            events = await _look(feed)
            if events is None:
                return
            if not events and time.monotonic() - said > HEARTBEAT_SECONDS:
                events = [b": still here\n\n"]
            for event in events:
                said = time.monotonic()
                yield event
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        _open_streams.discard(feed)


async def _look(feed: Feed) -> list[bytes] | None:
    try:
        return await feed.look()
    except DATABASE_AWAY as error:
        log.warning("database_away", error=type(error).__name__)
        return []


def _event(name: str, body: BaseModel, at_ms: int) -> bytes:
    data = body.model_dump_json(by_alias=True).encode()
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (at_ms, name.encode(), data)


def _made_ms(uuid7: UUID) -> int:
    """When the id was made (RFC 9562)."""
    return uuid7.int >> 80


def _last_seen_ms(header: str | None) -> int | None:
    if not header:
        return None
    if not MILLISECONDS.fullmatch(header):
        raise InvalidHeader([("/Last-Event-ID", "This is not an id of an event of this API")])
    return int(header)


ROUTES = tagged(
    "Pipeline",
    Route(
        method="GET",
        path="/events",
        handler=get_events,
        summary="What changes, as it happens (server-sent events)",
        description="Events: pipeline.changed (the figures of /pipeline; also the first event of every connection) and "
        "audit.recorded (an entry of the audit log). With Last-Event-ID the stream goes on where it broke off, at any "
        "process; entries of the last seconds come once more. It ends when the access token expires.",
        access=VIEWER,
        answers={200: None},
        problems=(InvalidHeader, Unavailable),
        database=Database.NONE,
        events=EVENTS,
    ),
)
