"""Delivers webhooks, by one worker of all.

Who does it holds an advisory lock and writes on the same session: a session that lost the lock can write nothing. Sends
run beside each other, few for one endpoint, so that one that does not answer holds up nobody else.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from uuid import UUID

import aiohttp
import structlog

from agents.metrics import WorkerMetrics
from agents.webhook_client import open_session, send
from loyalty.clock import Clock
from loyalty.services.delivering_webhooks import forget_old_deliveries, hand_out_events, settle_attempt
from loyalty.services.secret_box import SecretBox, SecretUnreadable
from loyalty.settings import Settings
from loyalty.store import webhooks
from loyalty.store.database import DATABASE_AWAY, Connection, Pool
from loyalty.store.webhooks import AttemptMade, DueDelivery

log = structlog.get_logger()

SENDS_AT_ONCE = 50
SENDS_PER_ENDPOINT = 5
FORGET_EVERY_LOOKS = 600


async def keep_delivering(pool: Pool, settings: Settings, metrics: WorkerMetrics, clock: Clock) -> None:
    """Goes on for ever. The database being away is waited out."""
    while True:
        try:
            async with pool.acquire() as conn:
                if await webhooks.try_to_lead(conn):
                    async with open_session(settings.webhook_networks) as session:
                        await Courier(conn, session, settings, metrics, clock).run()
        except* DATABASE_AWAY as errors:
            log.warning("webhooks wait for the database", error=repr(errors.exceptions[0]))
        await asyncio.sleep(settings.worker_webhooks_every_seconds)


class Courier:
    """Hands events out and delivers them, on the session of the leader."""

    def __init__(
        self,
        conn: Connection,
        session: aiohttp.ClientSession,
        settings: Settings,
        metrics: WorkerMetrics,
        clock: Clock,
    ) -> None:
        self._conn = conn
        self._session = session
        self._allowed = settings.webhook_networks
        self._every_seconds = settings.worker_webhooks_every_seconds
        self._box = SecretBox(settings.signing_key)
        self._metrics = metrics
        self._clock = clock
        self._writing = asyncio.Lock()
        self._in_hand: dict[UUID, DueDelivery] = {}
        self._jitter = random.Random()

    async def run(self) -> None:
        """Until the database is away; what is being sent then is sent again by the next leader."""
        looks = 0
        async with asyncio.TaskGroup() as sends:
            while True:
                await self.look(sends)
                looks += 1
                if looks % FORGET_EVERY_LOOKS == 0:
                    async with self._writing, self._conn.transaction():
                        await forget_old_deliveries(self._conn, self._clock)
                await asyncio.sleep(self._every_seconds)

    async def look(self, sends: asyncio.TaskGroup) -> None:
        """Hands out what is new, and begins to send what is due."""
        more = True
        while more:
            async with self._writing, self._conn.transaction():
                more = await hand_out_events(self._conn, self._clock)
        room = SENDS_AT_ONCE - len(self._in_hand)
        if room > 0:
            async with self._writing:
                due = await webhooks.list_due(
                    self._conn, self._clock(), self._in_hand, SENDS_PER_ENDPOINT, SENDS_AT_ONCE
                )
            self._metrics.webhook_delay.set(self._delay_seconds(due))
            for one in self._chosen(due, room):
                self._in_hand[one.delivery_id] = one
                sends.create_task(self._deliver(one))

    def _chosen(self, due: list[DueDelivery], room: int) -> list[DueDelivery]:
        """As many as there is room for, and of each endpoint."""
        busy = Counter(one.webhook_id for one in self._in_hand.values())
        chosen: list[DueDelivery] = []
        for one in due:
            if busy[one.webhook_id] < SENDS_PER_ENDPOINT and len(chosen) < room:
                busy[one.webhook_id] += 1
                chosen.append(one)
        return chosen

    def _delay_seconds(self, due: list[DueDelivery]) -> float:
        return (self._clock() - due[0].due_at).total_seconds() if due else 0.0

    async def _deliver(self, due: DueDelivery) -> None:
        try:
            made = await self._send(due)
            async with self._writing, self._conn.transaction():
                await settle_attempt(self._conn, due, made, self._jitter, self._clock)
        finally:
            self._in_hand.pop(due.delivery_id, None)
        self._metrics.webhook_attempts.labels("delivered" if made.succeeded else "failed").inc()
        if not made.succeeded:
            log.info("webhook_failed", webhook=str(due.webhook_id), status=made.status, error=made.error)

    async def _send(self, due: DueDelivery) -> AttemptMade:
        try:
            secrets = [self._box.decrypt(one) for one in (due.secret, due.previous_secret) if one is not None]
        except SecretUnreadable as error:
            return AttemptMade(self._clock(), 0, None, error.message, None)
        return await send(self._session, due, secrets, self._allowed, self._clock)
