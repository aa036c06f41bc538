"""The whole replay: people and shops, purchases, waiting for the last award, redemptions, and what it all came to."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from uuid import UUID

from rich.console import Console

from api.kit.tokens import mint_access_token
from cli.demo_program.seeding import Seeded, seed_demo_program
from cli.journey.baskets import read_baskets, read_participants
from cli.journey.client import ApiClient, MintToken, open_session
from cli.journey.enrolling import enrol_households, enrol_stores, hash_passwords, logins_of
from cli.journey.progress import progress
from cli.journey.redeeming import redeem
from cli.journey.sending import Shoppers, Tally, send_baskets
from cli.journey.summary import Latency, Login, Redemptions, Summary
from cli.journey.watching import Latencies, watching
from cli.journey.wishes import choose_askers
from loyalty.clock import system_clock
from loyalty.settings import Settings
from loyalty.store.database import DATABASE_AWAY, Pool, open_pool, transaction
from loyalty.store.replaying import PipelineCounts, count_pipeline

POOL_SIZE = 8
BASKETS_AN_ASKER = 20
LEAST_ASKERS = 40
LOOK_SECONDS = 0.1
STALLED_SECONDS = 60.0
PUSHED_SECONDS = 10.0


class ForeignProgram(Exception):
    """This database has a loyalty program of its own. The purchases are for the demo program: replay them elsewhere."""


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What to replay and how. `watched` members' latencies are measured; the seed decides who, and who redeems."""

    customer_urls: tuple[str, ...]
    baskets: int
    concurrency: int = 32
    watched: int = 100
    seed: int = 1
    patience_seconds: float = 120.0


async def replay(plan: ReplayPlan, settings: Settings, console: Console) -> Summary:
    """Do it all. Raises ForeignProgram, and GaveUp or Unexpected in an ExceptionGroup."""
    async with (
        await open_pool(settings.database_dsn, size=POOL_SIZE, name="laurel-replay") as pool,
        open_session(plan.concurrency + plan.watched + 1) as session,
    ):
        client = ApiClient(session, plan.customer_urls, minting(settings), plan.patience_seconds)
        shoppers, logins = await _prepare(pool, plan, settings, console)
        return await _Replay(plan, pool, client, console).run(shoppers, logins)


@dataclass(frozen=True, slots=True)
class _Shopped:
    tally: Tally
    latencies: Latencies
    seconds: float
    settled_seconds: float


@dataclass(frozen=True, slots=True)
class _Replay:
    plan: ReplayPlan
    pool: Pool
    client: ApiClient
    console: Console

    async def run(self, shoppers: Shoppers, logins: tuple[Login, ...]) -> Summary:
        before = await self._counts()
        shopped = await self._shop(shoppers)
        tally, latencies = shopped.tally, shopped.latencies
        redemptions = await self._redeem(shoppers)
        after = await self._settle()
        return Summary(
            baskets=self.plan.baskets,
            recorded=tally.recorded,
            already_recorded=tally.already_recorded,
            rejected=tally.rejections.total(),
            rejections=dict(tally.rejections),
            first_rejections=tally.examples,
            undecided=after.undecided,
            dead_letters=after.dead_letters - before.dead_letters,
            seconds=round(shopped.seconds, 3),
            settled_seconds=round(shopped.settled_seconds, 3),
            baskets_per_second=round(tally.recorded / shopped.seconds, 1),
            points_issued=after.points_issued - before.points_issued,
            latency=Latency.of(latencies.milliseconds(), latencies.unseen(), len(latencies.watched)),
            redemptions=redemptions,
            retries=dict(self.client.retries_by_cause),
            members=len(shoppers.members),
            merchants=len(shoppers.merchants),
            seed=self.plan.seed,
            logins=logins,
        )

    async def _shop(self, shoppers: Shoppers) -> _Shopped:
        async with watching(self.client, _sample(shoppers, self.plan)) as latencies:
            began = time.monotonic()
            with progress(self.console, "Purchases", self.plan.baskets) as advance:
                baskets = read_baskets(self.plan.baskets)
                tally = await send_baskets(self.client, baskets, shoppers, latencies, self.plan.concurrency, advance)
            sent = time.monotonic()
            await self._settle()
            settled = time.monotonic()
            await latencies.until_all_seen(PUSHED_SECONDS)
        return _Shopped(tally, latencies, sent - began, settled - began)

    async def _redeem(self, shoppers: Shoppers) -> Redemptions:
        most = max(LEAST_ASKERS, self.plan.baskets // BASKETS_AN_ASKER)
        askers = choose_askers(list(shoppers.members.values()), most, self.plan.seed)
        with progress(self.console, "Redemptions", len(askers)) as advance:
            return await redeem(self.client, askers, advance)

    async def _settle(self) -> PipelineCounts:
        """Wait until everything is decided, or nothing has been for STALLED_SECONDS."""
        counts, moved = await self._counts(), time.monotonic()
        while counts.undecided and time.monotonic() - moved < STALLED_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(*DATABASE_AWAY):
                now = await self._counts()
                if now != counts:
                    counts, moved = now, time.monotonic()
        return counts

    async def _counts(self) -> PipelineCounts:
        async with self.pool.acquire() as conn:
            return await count_pipeline(conn)


async def _prepare(
    pool: Pool, plan: ReplayPlan, settings: Settings, console: Console
) -> tuple[Shoppers, tuple[Login, ...]]:
    async with transaction(pool) as conn:
        seeded = await seed_demo_program(conn, system_clock)
    if seeded is Seeded.FOREIGN:
        raise ForeignProgram(ForeignProgram.__doc__)
    if seeded is Seeded.CREATED:
        console.print(f"Program: {seeded.value}", highlight=False)
    households, stores = await asyncio.to_thread(read_participants, plan.baskets)
    logins = logins_of(households, settings.signing_key)
    hashes = await hash_passwords(logins)
    with progress(console, "Members", len(households)) as advance:
        members = await enrol_households(pool, households, hashes, advance)
    merchants = await enrol_stores(pool, stores)
    return Shoppers(members, merchants), tuple(logins.values())


def minting(settings: Settings) -> MintToken:
    """Mints members' access tokens with the program's signing key, each kept for half of its life."""
    lifetime = settings.access_token_seconds
    minted: dict[UUID, tuple[str, float]] = {}

    def mint(member_id: UUID) -> str:
        token, renew_at = minted.get(member_id, ("", 0.0))
        if renew_at <= time.monotonic():
            token = mint_access_token(settings.signing_key, member_id, "customer", seconds=lifetime)
            minted[member_id] = token, time.monotonic() + lifetime / 2
        return token

    return mint


def _sample(shoppers: Shoppers, plan: ReplayPlan) -> list[UUID]:
    members = sorted(shoppers.members.values())
    return random.Random(plan.seed).sample(members, min(plan.watched, len(members)))
