"""The life of points in a test: a policy, a clock that is set by hand, purchases that are awarded, time that passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from loyalty.services.auditing import Actor
from loyalty.services.cancelling import end_reservations
from loyalty.services.earning import Recorded, award_transactions
from loyalty.services.expiring import expire_points
from loyalty.services.incoming import Handled, Incoming
from loyalty.services.redeeming import decide_redemptions
from loyalty.services.refunding import record_refund
from loyalty.services.releasing import release_points
from loyalty.services.requesting_redemption import RequestRedemption, request_redemption
from loyalty.services.reversing import reverse_refunds
from loyalty.services.rulesets import Rulesets
from loyalty.services.tending import Tended
from loyalty.services.verifying import verify_ledger
from loyalty.store import program
from loyalty.store.database import Connection
from schemas.admin.points_policy import PointsPolicy
from schemas.admin.refunds import NewRefund
from schemas.events import RewardRedeemed, TransactionRefunded
from tests.support.ledger import export, verdict
from tests.support.rows import BASE_RULE, NOON, add_member, add_merchant, add_rule, add_transaction, recorded


async def set_policy(conn: Connection, **policy: Any) -> PointsPolicy:
    """Replaces the program's promises about its points."""
    made = PointsPolicy.model_validate(policy)
    await program.save_points_policy(conn, made)
    return made


@dataclass(slots=True)
class Shop:
    """A merchant whose purchases earn a point for every whole unit, and the time it is."""

    conn: Connection
    merchant_id: UUID
    now: datetime = NOON
    rulesets: Rulesets = field(default_factory=Rulesets)

    @classmethod
    async def open(cls, conn: Connection, **policy: Any) -> Shop:
        await set_policy(conn, **policy)
        await add_rule(conn, BASE_RULE)
        return cls(conn, await add_merchant(conn))

    def clock(self) -> datetime:
        return self.now

    async def member(self) -> UUID:
        return await add_member(self.conn)

    async def buy(self, member_id: UUID, points: int, *, at: datetime | None = None) -> UUID:
        """A purchase of so many points, recorded and awarded now."""
        transaction_id = await self.record(member_id, points, at=at)
        await self.award(member_id, transaction_id, points, at=at)
        return transaction_id

    async def record(self, member_id: UUID, points: int, *, at: datetime | None = None) -> UUID:
        return await self.record_minor(member_id, points * 100, at=at)

    async def record_minor(self, member_id: UUID, amount_minor: int, *, at: datetime | None = None) -> UUID:
        return await add_transaction(self.conn, member_id, self.merchant_id, amount_minor, at=at or self.now)

    async def award(self, member_id: UUID, transaction_id: UUID, points: int, *, at: datetime | None = None) -> None:
        await self.award_event(
            recorded(member_id, transaction_id, f"{points}.00", merchant_id=self.merchant_id, at=at or self.now)
        )

    async def award_event(self, event: Recorded) -> None:
        async with self.conn.transaction():
            await award_transactions(self.conn, [event], self.clock, self.rulesets)

    async def pass_time(self, **time: int) -> Tended:
        """Time passes, and what is due then is done."""
        self.now += timedelta(**time)
        async with self.conn.transaction():
            await release_points(self.conn, self.clock)
        async with self.conn.transaction():
            await end_reservations(self.conn, self.clock)
        async with self.conn.transaction():
            return await expire_points(self.conn, self.clock)


async def balances(conn: Connection, member_id: UUID) -> dict[str, int]:
    """What a member has, where there is something."""
    row = await conn.fetchrow("select pending, available, held, owed from wallet where member_id = $1", member_id)
    assert row is not None
    return {name: points for name, points in row.items() if points}


async def broken_checks(conn: Connection) -> dict[str, str]:
    """The rules of the ledger that do not hold, with the first finding of each; what the offline script says, too."""
    async with conn.transaction():
        broken = {
            checked.check.name: checked.findings.first[0].detail
            async for checked in verify_ledger(conn)
            if checked.findings.total
        }
        said = verdict(await export(conn))
    return broken if said == "holds" else broken | {"offline": said}


async def events_of(conn: Connection, topic: str) -> list[dict[str, Any]]:
    """What the outbox has of a topic, oldest first."""
    rows = await conn.fetch(
        "select convert_from(payload, 'utf8')::jsonb as payload from outbox where topic = $1 order by id", topic
    )
    return [row["payload"] for row in rows]


async def refund(shop: Shop, transaction_id: UUID, amount: int | str | None, **fields: Any) -> UUID:
    """A refund recorded by the merchant, before it takes any points back."""
    command = NewRefund.model_validate(
        {"amount": f"{amount}.00" if isinstance(amount, int) else amount, "reason": "came back", **fields}
    )
    async with shop.conn.transaction():
        done = await record_refund(shop.conn, transaction_id, command, merchant(shop.merchant_id), shop.clock)
    return done.refund.refund_id


async def take_back(shop: Shop, *refund_ids: UUID) -> Handled:
    """The worker's part: the refunds' events, all in one batch."""
    rows = await shop.conn.fetch(
        "select convert_from(payload, 'utf8') as payload from outbox "
        "where topic = 'transaction.refunded' and event_id = any($1) order by id",
        refund_ids,
    )
    bodies = [TransactionRefunded.model_validate_json(row["payload"]) for row in rows]
    async with shop.conn.transaction():
        return await reverse_refunds(shop.conn, [Incoming(body.refund_id, body) for body in bodies], shop.clock)


def merchant(merchant_id: UUID) -> Actor:
    return Actor("merchant", str(merchant_id))


async def redeem(shop: Shop, member_id: UUID, reward_id: UUID) -> UUID:
    """A member asks for a reward, and the worker decides."""
    redemption_id = await ask(shop, member_id, reward_id)
    await decide(shop, redemption_id)
    return redemption_id


async def ask(shop: Shop, member_id: UUID, reward_id: UUID) -> UUID:
    async with shop.conn.transaction():
        asked = await request_redemption(shop.conn, RequestRedemption(member_id, reward_id), shop.clock)
    return asked.redemption_id


async def decide(shop: Shop, *redemption_ids: UUID) -> None:
    """The worker's part of redemptions, all in one batch."""
    rows = await shop.conn.fetch(
        "select convert_from(payload, 'utf8') as payload from outbox where topic = 'reward.redeemed' "
        "and event_id = any($1) order by id",
        redemption_ids,
    )
    bodies = [RewardRedeemed.model_validate_json(row["payload"]) for row in rows]
    async with shop.conn.transaction():
        await decide_redemptions(shop.conn, [Incoming(body.redemption_id, body) for body in bodies], shop.clock)
