"""What the points of some members are, by plain arithmetic in memory: what the services are held against.

It knows nothing of entries, postings or accounts; a lot is a number that goes up and down.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """The model expects this to be refused."""


@dataclass(eq=False)
class ModelLot:
    number: int
    left: int
    expires_at: datetime | None
    pending_until: datetime | None = None
    rolls_months: int | None = None
    expired: int = 0


@dataclass(eq=False)
class ModelPurchase:
    member: ModelMember
    amount_minor: int
    points: int
    at: datetime
    lot: ModelLot | None = None
    awarded: bool = False
    refunds: list[int] = field(default_factory=list)
    reversed: int = 0
    lapsed: int = 0


@dataclass(eq=False)
class ModelRedemption:
    member: ModelMember
    reward: ModelReward
    status: str = "pending"
    taken: list[tuple[ModelLot, int]] | None = None
    until: datetime | None = None


@dataclass(eq=False)
class ModelReward:
    cost: int
    stock: int | None = None
    limit: int | None = None
    confirm: timedelta | None = None


@dataclass(eq=False)
class ModelMember:
    lots: list[ModelLot] = field(default_factory=list)
    owed: int = 0
    held: int = 0
    earned: int = 0
    redeemed: int = 0
    active_at: datetime | None = None

    def expiry(self, lot: ModelLot) -> datetime:
        if lot.expires_at is None:
            return FOREVER
        if lot.rolls_months is None or self.active_at is None:
            return lot.expires_at
        return max(lot.expires_at, end_of_day(months_later(self.active_at, lot.rolls_months)))

    def open_lots(self) -> list[ModelLot]:
        lots = [lot for lot in self.lots if lot.left and lot.pending_until is None]
        return sorted(lots, key=lambda lot: (self.expiry(lot), lot.number))

    @property
    def available(self) -> int:
        return sum(lot.left for lot in self.open_lots())

    @property
    def pending(self) -> int:
        return sum(lot.left for lot in self.lots if lot.pending_until is not None)

    def take(self, points: int, but: ModelLot | None = None) -> list[tuple[ModelLot, int]]:
        taken = []
        for lot in self.open_lots():
            drawn = min(lot.left, points) if lot is not but else 0
            if drawn:
                lot.left -= drawn
                points -= drawn
                taken.append((lot, drawn))
        assert points == 0
        return taken

    def pay(self, points: int) -> int:
        """What is left of points that come in when what is owed is paid."""
        paid = min(points, self.owed)
        self.owed -= paid
        return points - paid

    def expire(self, now: datetime) -> None:
        for lot in self.open_lots():
            if self.expiry(lot) <= now:
                lot.expired += lot.left
                lot.left = 0


@dataclass
class Model:
    """The program: its policy, and the time it is."""

    policy: dict[str, Any]
    now: datetime
    members: list[ModelMember]
    rewards: list[ModelReward]
    purchases: list[ModelPurchase] = field(default_factory=list)
    redemptions: list[ModelRedemption] = field(default_factory=list)
    lots: int = 0

    def new_lot(self, member: ModelMember, points: int, expires_at: datetime | None, **more: Any) -> ModelLot:
        self.lots += 1
        lot = ModelLot(self.lots, points, expires_at, **more)
        member.lots.append(lot)
        return lot

    def terms(self, at: datetime) -> tuple[datetime | None, int | None]:
        """When points earned at a moment expire, and the months that they roll by."""
        expiry = self.policy["expiry"]
        match expiry["mode"]:
            case "months" | "rolling":
                ends = end_of_day(months_later(at, expiry["months"]))
                return ends, expiry["months"] if expiry["mode"] == "rolling" else None
            case "end_of_year":
                return datetime(at.year + 1 + expiry["years"], 1, 1, tzinfo=UTC), None
            case _:
                return None, None

    def award(self, purchase: ModelPurchase) -> None:
        member, purchase.awarded = purchase.member, True
        if not purchase.points:
            return
        expires_at, rolls = self.terms(purchase.at)
        until = purchase.at + timedelta(days=self.policy["pending_days"])
        member.earned += purchase.points
        member.active_at = self.now
        if until > self.now:
            purchase.lot = self.new_lot(member, purchase.points, expires_at, pending_until=until, rolls_months=rolls)
        elif left := member.pay(purchase.points):
            purchase.lot = self.new_lot(member, left, expires_at, rolls_months=rolls)

    def refund(self, purchase: ModelPurchase, amount_minor: int) -> None:
        if sum(purchase.refunds) + amount_minor > purchase.amount_minor:
            raise Refused
        purchase.refunds.append(amount_minor)

    def reverse(self, purchase: ModelPurchase) -> None:
        """Takes back for the refunds that did not yet, one after the other."""
        member = purchase.member
        member.expire(self.now)
        for n in range(purchase.reversed, len(purchase.refunds)):
            before, after = sum(purchase.refunds[:n]), sum(purchase.refunds[: n + 1])
            points, whole = purchase.points, purchase.amount_minor
            self._take_back(purchase, points * after // whole - points * before // whole)
        purchase.reversed = len(purchase.refunds)

    def _take_back(self, purchase: ModelPurchase, due: int) -> None:
        member, lot, policy = purchase.member, purchase.lot, self.policy["refund_policy"]
        if lot is not None and (lot.pending_until is not None or policy != "only_pending"):
            own = min(due, lot.left)
            lot.left -= own
            due -= own
            member.earned -= own
        if policy == "only_pending" or not due:
            return
        if lot is not None:
            lapsed = min(due, lot.expired - purchase.lapsed)
            purchase.lapsed += lapsed
            due -= lapsed
        other = min(due, member.available)
        member.take(other)
        member.earned -= other
        if policy == "unlimited":
            member.owed += due - other
            member.earned -= due - other

    def ask(self, member: ModelMember, reward: ModelReward) -> ModelRedemption:
        redemption = ModelRedemption(member, reward)
        if self.policy["hold_at_request"]:
            member.expire(self.now)
            if member.available >= reward.cost:
                self._hold(redemption)
        self.redemptions.append(redemption)
        return redemption

    def _hold(self, redemption: ModelRedemption) -> None:
        member, cost = redemption.member, redemption.reward.cost
        redemption.taken = member.take(cost)
        member.held += cost
        member.active_at = self.now

    def decide(self, redemption: ModelRedemption) -> None:
        member, reward = redemption.member, redemption.reward
        member.expire(self.now)
        had = sum(
            r.member is member and r.reward is reward and r.status in ("completed", "reserved")
            for r in self.redemptions
        )
        affordable = redemption.taken is not None or member.available >= reward.cost
        if reward.stock == 0 or (reward.limit is not None and had >= reward.limit) or not affordable:
            redemption.status = "rejected"
            self._give_back(redemption, held=True)
            return
        if reward.stock is not None:
            reward.stock -= 1
        if reward.confirm is not None:
            redemption.status, redemption.until = "reserved", self.now + reward.confirm
            if redemption.taken is None:
                self._hold(redemption)
            return
        redemption.status = "completed"
        if redemption.taken is None:
            redemption.taken = member.take(reward.cost)
        else:
            member.held -= reward.cost
        member.redeemed += reward.cost
        member.active_at = self.now

    def confirm(self, redemption: ModelRedemption) -> None:
        if redemption.status != "reserved" or redemption.until is None or redemption.until <= self.now:
            raise Refused
        redemption.status = "completed"
        redemption.member.held -= redemption.reward.cost
        redemption.member.redeemed += redemption.reward.cost
        redemption.member.active_at = self.now

    def cancel(self, redemption: ModelRedemption, *, stock_back: bool = True) -> None:
        if redemption.status not in ("completed", "reserved"):
            raise Refused
        held = redemption.status == "reserved"
        redemption.status = "cancelled"
        if not held:
            redemption.member.redeemed -= redemption.reward.cost
        if stock_back and redemption.reward.stock is not None:
            redemption.reward.stock += 1
        self._give_back(redemption, held=held)

    def _give_back(self, redemption: ModelRedemption, *, held: bool) -> None:
        member = redemption.member
        if redemption.taken is None:
            return
        if held:
            member.held -= redemption.reward.cost
        renewed = 0
        for lot, points in sorted(redemption.taken, key=lambda one: (member.expiry(one[0]), one[0].number)):
            left = member.pay(points)
            if member.expiry(lot) > self.now:
                lot.left += left
            elif self.policy["expired_lot_grace_days"] is None:
                lot.expired += left
            else:
                renewed += left
        if renewed:
            self.new_lot(member, renewed, self.now + timedelta(days=self.policy["expired_lot_grace_days"]))

    def transfer(self, giver: ModelMember, recipient: ModelMember, points: int) -> None:
        living = sum(lot.left for lot in giver.open_lots() if giver.expiry(lot) > self.now)
        if points > living:
            raise Refused
        giver.expire(self.now)
        parts: dict[datetime, int] = {}
        for lot, taken in giver.take(points):
            parts[giver.expiry(lot)] = parts.get(giver.expiry(lot), 0) + recipient.pay(taken)
        for expires_at, left in parts.items():
            if left:
                self.new_lot(recipient, left, None if expires_at == FOREVER else expires_at)

    def adjust(self, member: ModelMember, points: int) -> None:
        living = sum(lot.left for lot in member.open_lots() if member.expiry(lot) > self.now)
        if -points > living:
            raise Refused
        member.expire(self.now)
        if points < 0:
            member.take(-points)
        elif left := member.pay(points):
            expires_at, rolls = self.terms(self.now)
            self.new_lot(member, left, expires_at, rolls_months=rolls)

    def tend(self) -> None:
        for member in self.members:
            due = [lot for lot in member.lots if lot.left and lot.pending_until and lot.pending_until <= self.now]
            paid = min(member.owed, sum(lot.left for lot in due))
            member.owed -= paid
            for lot in sorted(due, key=lambda lot: (lot.expires_at or FOREVER, lot.number)):
                drawn = min(paid, lot.left)
                lot.left -= drawn
                paid -= drawn
                lot.pending_until = None
        for redemption in self.redemptions:
            if redemption.status == "reserved" and redemption.until is not None and redemption.until <= self.now:
                self.cancel(redemption)
        for member in self.members:
            member.expire(self.now)

    def stands(self) -> Iterator[tuple[dict[str, int], list[tuple[int, datetime | None, bool]]]]:
        """What each member has, and the lots that it is in."""
        for member in self.members:
            wallet = {
                "available": member.available,
                "pending": member.pending,
                "held": member.held,
                "owed": member.owed,
                "lifetime_earned": member.earned,
                "lifetime_redeemed": member.redeemed,
            }
            open_lots = [
                (lot.left, None if lot.expires_at is None else member.expiry(lot), lot.pending_until is not None)
                for lot in member.lots
                if lot.left
            ]
            yield wallet, sorted(open_lots, key=str)


def end_of_day(at: datetime) -> datetime:
    return datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1)


def months_later(at: datetime, months: int) -> datetime:
    """PostgreSQL's `at + make_interval(months => …)` in UTC."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
