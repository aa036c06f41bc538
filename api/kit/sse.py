"""Pushes to each connected member what changed for them, in the order it was committed.

A bell is a message on one Redis channel: a JSON list of member ids. It says where to look and carries nothing: what
changed is read from the database, since the version each connection has seen. So a bell that is lost, doubled or late
does no harm: all connected members are looked at when the channel is silent for a while, and often while Redis is away.

An event's id is the member's version after it; `Last-Event-ID` therefore resumes at any API process. The first event of
a connection is always the present state, so that a client need not ask for it and cannot miss a change in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import orjson
import structlog
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from api.kit.errors import TooManyRequests, Unavailable
from loyalty.store.database import DATABASE_AWAY, Connection, Pool, connection

log = structlog.get_logger("api.push")

HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 3.0
SILENCE_SECONDS = 15.0
RETRY_SECONDS = 1.0
QUEUED_EVENTS_LIMIT = 256
CONNECTIONS_LIMIT = 12_000
CONNECTIONS_PER_MEMBER_LIMIT = 8
MEMBERS_PER_LOOK_LIMIT = 1_000
NOTHING_SEEN = -1
HEARTBEAT = b": still here\n\n"


@dataclass(frozen=True, slots=True)
class Change:
    """Something a member can see. `version` is the member's after it; a state stands for all versions up to it."""

    member_id: UUID
    version: int
    event: str
    data: bytes
    is_state: bool = False

    def encoded(self) -> bytes:
        """As text/event-stream has it."""
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.version, self.event.encode(), self.data)


@dataclass(frozen=True, slots=True)
class Changes:
    """What was found for some members, each member's in order; `cut_short` are those who have more."""

    found: Sequence[Change]
    cut_short: frozenset[UUID] = frozenset()


ReadChanges = Callable[[Connection, Mapping[UUID, int | None]], Awaitable[Changes]]
"""Reads what changed for each member since a version; None asks for the present state only."""


async def no_changes(_: Connection, __: Mapping[UUID, int | None]) -> Changes:
    """For an API that pushes nothing."""
    return Changes(())


@dataclass(eq=False, slots=True)
class _Subscription:
    """One connection: what it has seen, and what it is to be sent. It is kept small, there are thousands of them."""

    member_id: UUID
    seen: int | None
    greeted: bool = False
    queued: list[bytes] = field(default_factory=list)
    ended: bool = False
    waiter: asyncio.Future[None] | None = None
    timer: asyncio.TimerHandle | None = None

    def offer(self, changes: Sequence[Change]) -> None:
        """Queue what is new to this connection. One that does not keep up is ended: it resumes when it likes."""
        for change in changes:
            if self._wants(change) and not self._put(change.encoded()):
                return
        newest = max(change.version for change in changes)
        self.seen = max(newest, self.seen if self.seen is not None else NOTHING_SEEN)
        self.greeted = self.greeted or any(change.is_state for change in changes)

    def remind(self) -> None:
        """Let the client, and what is in between, know that the connection lives, unless it hears so anyway."""
        if not self.queued:
            self._put(HEARTBEAT)

    def end(self) -> None:
        self.ended = True
        self._wake()

    async def next(self) -> bytes | None:
        """Everything that is queued, at least one event. None when the connection is to end."""
        while not self.queued and not self.ended:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        if self.ended:
            return None
        queued, self.queued = self.queued, []
        return b"".join(queued)

    def _wants(self, change: Change) -> bool:
        if change.is_state and not self.greeted:
            return True
        return self.seen is not None and change.version > self.seen

    def _put(self, event: bytes) -> bool:
        if len(self.queued) >= QUEUED_EVENTS_LIMIT:
            self.end()
            return False
        self.queued.append(event)
        self._wake()
        return True

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class Hub:
    """The connections of one process. An async context manager that lives as long as the process."""

    def __init__(
        self,
        pool: Pool,
        listener: aioredis.Redis,
        channel: str,
        read_changes: ReadChanges,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._pool = pool
        self._heartbeat_seconds = heartbeat_seconds
        self._listener = listener
        self._channel = channel
        self._read_changes = read_changes
        self._subscriptions: dict[UUID, set[_Subscription]] = defaultdict(set)
        self._connections = 0
        self._to_look_at: set[UUID] = set()
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the process is stopping: streams end."""
        return self._closed

    @property
    def connections(self) -> int:
        return self._connections

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._listen(), name="hear bells"),
            asyncio.create_task(self._look(), name="look"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        """End every connection; no new one is taken."""
        self._closed = True
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.end()

    def admit(self, member_id: UUID) -> None:
        """Raises TooManyRequests or Unavailable when the member, or this process, has connections enough."""
        if len(self._subscriptions.get(member_id, ())) >= CONNECTIONS_PER_MEMBER_LIMIT:
            raise TooManyRequests(
                "Too many event streams are open for this member.",
                retry_after_seconds=5,
                limit=CONNECTIONS_PER_MEMBER_LIMIT,
            )
        if self._closed or self._connections >= CONNECTIONS_LIMIT:
            raise Unavailable("This process takes no more event streams.")

    async def stream(self, member_id: UUID, seen: int | None, expires_at: float | None) -> AsyncGenerator[bytes, None]:
        """The member's events from now on, or since the version `seen`, until the token expires. `admit` first."""
        with self._subscribed(_Subscription(member_id, seen)) as subscription:
            self._remind_later(subscription, expires_at)
            yield b"retry: %d\n\n" % int(RETRY_SECONDS * 1000)
            while (events := await subscription.next()) is not None:
                yield events

    def _remind_later(self, subscription: _Subscription, expires_at: float | None) -> None:
        """By a timer, and not by waiting with a timeout, which would be a task for each event of each connection."""
        seconds = max(0.0, min(_seconds_until(expires_at), self._heartbeat_seconds))
        loop = asyncio.get_running_loop()
        subscription.timer = loop.call_later(seconds, self._remind, subscription, expires_at)

    def _remind(self, subscription: _Subscription, expires_at: float | None) -> None:
        if _seconds_until(expires_at) <= 0:
            subscription.end()
        else:
            subscription.remind()
            self._remind_later(subscription, expires_at)

    @contextlib.contextmanager
    def _subscribed(self, subscription: _Subscription) -> Iterator[_Subscription]:
        mine = self._subscriptions[subscription.member_id]
        mine.add(subscription)
        self._connections += 1
        self._look_at([subscription.member_id])
        try:
            yield subscription
        finally:
            if subscription.timer is not None:
                subscription.timer.cancel()
            self._connections -= 1
            mine.discard(subscription)
            if not mine:
                self._subscriptions.pop(subscription.member_id, None)

    def _look_at(self, member_ids: Iterable[UUID]) -> None:
        self._to_look_at.update(member_id for member_id in member_ids if member_id in self._subscriptions)
        if self._to_look_at:
            self._wanted.set()

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear_bells()
            except (RedisError, OSError) as error:
                log.warning("bell_away", error=type(error).__name__, poll_seconds=POLL_SECONDS)
            self._look_at(list(self._subscriptions))
            await asyncio.sleep(POLL_SECONDS)

    async def _hear_bells(self) -> None:
        async with self._listener.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(self._channel)
            while True:
                message = await pubsub.get_message(timeout=SILENCE_SECONDS)
                self._look_at(_member_ids(message["data"]) if message else list(self._subscriptions))

    async def _look(self) -> None:
        while True:
            await self._wanted.wait()
            members = [self._to_look_at.pop() for _ in range(min(len(self._to_look_at), MEMBERS_PER_LOOK_LIMIT))]
            if not self._to_look_at:
                self._wanted.clear()
            try:
                await self._deliver([member for member in members if member in self._subscriptions])
            except DATABASE_AWAY as error:
                log.warning("database_away", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                self._look_at(members)

    async def _deliver(self, members: Sequence[UUID]) -> None:
        if not members:
            return
        since = {member: self._oldest_seen(member) for member in members}
        async with connection(self._pool, wait_seconds=POLL_SECONDS) as conn:
            changes = await self._read_changes(conn, since)
        by_member: dict[UUID, list[Change]] = defaultdict(list)
        for change in changes.found:
            by_member[change.member_id].append(change)
        for member, found in by_member.items():
            for subscription in list(self._subscriptions.get(member, ())):
                subscription.offer(found)
        self._look_at(changes.cut_short)

    def _oldest_seen(self, member: UUID) -> int | None:
        known = [each.seen for each in self._subscriptions[member] if each.seen is not None]
        return min(known, default=None)


def _seconds_until(expires_at: float | None) -> float:
    return float("inf") if expires_at is None else expires_at - time.time()


def _member_ids(data: bytes) -> list[UUID]:
    try:
        return [UUID(member_id) for member_id in orjson.loads(data)]
    except (ValueError, TypeError, AttributeError):
        log.warning("bell_not_understood", bytes=len(data))
        return []
