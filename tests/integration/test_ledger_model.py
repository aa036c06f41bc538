"""Whatever is booked in whatever order, the ledger is what a few lines of arithmetic say, and it verifies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.clock import new_id
from loyalty.domain.ledger import EntryDraft, adjust, earn, redeem
from loyalty.domain.lots import InsufficientPoints
from loyalty.services.posting import Booking, post_entries
from loyalty.services.verifying import verify_ledger
from loyalty.store.database import Connection
from tests.support.rows import NOON, add_member, laurel_pool

MEMBERS = 3
CHECKS_WITH_THEIR_SOURCE = {"awards", "redemptions"}
"""Checks that want a transaction or redemption for each entry, which these entries do not have."""


@dataclass(frozen=True)
class Move:
    """Points for or from a member; expires in so many days, 0 for never."""

    member: int
    kind: str
    points: int
    expires_in_days: int

    def draft(self, member_id: UUID) -> EntryDraft:
        match self.kind:
            case "earn":
                return earn(new_id(), member_id, self.points)
            case "pend":
                return earn(new_id(), member_id, self.points, pending=True)
            case "redeem":
                return redeem(new_id(), member_id, self.points)
            case "give":
                return adjust(new_id(), member_id, self.points, "given")
            case _:
                return adjust(new_id(), member_id, -self.points, "taken")

    @property
    def spends(self) -> bool:
        return self.kind in ("redeem", "take")


@dataclass
class Model:
    """A member as a list of lots (days to expiry, points left), in the order they were made."""

    lots: list[list[int]] = field(default_factory=list)
    pending: int = 0

    @property
    def available(self) -> int:
        return sum(points for _, points in self.lots)

    def apply(self, move: Move) -> None:
        if move.kind == "pend":
            self.pending += move.points
        elif move.spends:
            self._spend(move.points)
        else:
            self.lots.append([move.expires_in_days or 10**6, move.points])

    def _spend(self, points: int) -> None:
        for lot in sorted(self.lots, key=lambda lot: lot[0]):
            drawn = min(lot[1], points)
            lot[1] -= drawn
            points -= drawn


KINDS = st.sampled_from(["earn", "earn", "give", "pend", "redeem", "redeem", "take"])
MOVES = st.builds(
    Move, member=st.integers(0, MEMBERS - 1), kind=KINDS, points=st.integers(1, 60), expires_in_days=st.integers(0, 4)
)
BATCHES = st.lists(st.lists(MOVES, min_size=1, max_size=8), min_size=1, max_size=8)


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[Connection]:
    async with laurel_pool(database_url, size=1) as pool, pool.acquire() as conn:
        yield conn


def affordable(batch: list[Move], models: list[Model]) -> bool:
    """Whether all of the batch can be booked; it draws only on lots that were there before it."""
    left = [model.available for model in models]
    for move in batch:
        if move.spends:
            left[move.member] -= move.points
    return min(left) >= 0


async def post(conn: Connection, batch: list[Move], members: list[UUID]) -> None:
    bookings = [
        Booking(
            move.draft(members[move.member]),
            source_id=new_id(),
            booked_at=NOON,
            expires_at=NOON + timedelta(days=move.expires_in_days) if move.expires_in_days else None,
            pending_until=NOON + timedelta(days=1) if move.kind == "pend" else None,
        )
        for move in batch
    ]
    async with conn.transaction():
        await post_entries(conn, bookings, NOON)


async def stored(conn: Connection, member_id: UUID) -> tuple[int, int, list[int]]:
    wallet = await conn.fetchrow("select available, pending from wallet where member_id = $1", member_id)
    lots = await conn.fetch(
        "select remaining from lot where member_id = $1 and pending_until is null order by id", member_id
    )
    assert wallet is not None
    return wallet["available"], wallet["pending"], [lot["remaining"] for lot in lots]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
async def test_the_ledger_is_what_arithmetic_says(conn: Connection, batches: list[list[Move]]) -> None:
    members = [await add_member(conn) for _ in range(MEMBERS)]
    models = [Model() for _ in members]
    for moves in batches:
        batch = [move for move in moves if move.spends] + [move for move in moves if not move.spends]
        if affordable(batch, models):
            await post(conn, batch, members)
            for move in batch:
                models[move.member].apply(move)
        else:
            with pytest.raises(InsufficientPoints):
                await post(conn, batch, members)
    for member_id, model in zip(members, models, strict=True):
        expected = (model.available, model.pending, [points for _, points in model.lots])
        assert await stored(conn, member_id) == expected
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        broken = {checked.check.name async for checked in verify_ledger(conn) if checked.findings.total}
    assert broken <= CHECKS_WITH_THEIR_SOURCE
