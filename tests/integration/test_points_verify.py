"""`laurel ledger verify` knows every kind of entry, and finds what is done to the rows behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from loyalty.services.auditing import Actor
from loyalty.services.cancelling import cancel_redemption
from loyalty.services.transferring import transfer_points
from loyalty.store.database import Connection
from schemas.admin.rewards import Cancellation
from schemas.transfers import NewTransfer
from tests.support.points import Shop, ask, broken_checks, redeem, refund, take_back
from tests.support.rows import add_reward, laurel_pool

OPERATOR = Actor("operator", "test")
KINDS = {"earn", "release", "expire", "reverse", "hold", "unhold", "redeem", "restore", "transfer"}


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[Connection]:
    """A ledger with every kind of entry; some points are pending, held and owed at its end."""
    async with laurel_pool(database_url, size=1) as pool, pool.acquire() as acquired:
        shop = await Shop.open(
            acquired,
            pending_days=1,
            expiry={"mode": "months", "months": 2},
            refund_policy="unlimited",
            hold_at_request=True,
            transfers={"enabled": True},
        )
        one, other, debtor = await shop.member(), await shop.member(), await shop.member()
        gone, mug = await add_reward(acquired, 10, stock_remaining=0), await add_reward(acquired, 20)
        await shop.buy(one, 100)
        spent = await shop.buy(debtor, 20)
        await shop.pass_time(days=1)
        await redeem(shop, one, gone)
        cancelled = await redeem(shop, one, mug)
        await redeem(shop, one, mug)
        await redeem(shop, debtor, mug)
        async with acquired.transaction():
            await cancel_redemption(acquired, cancelled, Cancellation(reason="test"), OPERATOR, shop.clock)
        await give(shop, one, other, 15)
        await take_back(shop, await refund(shop, spent, 20))
        await shop.pass_time(days=80)
        await shop.buy(one, 40)
        await shop.pass_time(days=1)
        await ask(shop, one, mug)
        await shop.buy(other, 30)
        yield acquired


async def give(shop: Shop, giver: UUID, recipient: UUID, points: int) -> None:
    async with shop.conn.transaction():
        command = NewTransfer(to_member_id=recipient, points=points)
        await transfer_points(shop.conn, giver, command, OPERATOR, shop.clock)


async def test_every_kind_of_entry_verifies(conn: Connection) -> None:
    kinds = {row["kind"] for row in await conn.fetch("select distinct kind from journal_entry")}
    assert kinds == KINDS
    held = await conn.fetchrow("select sum(pending) as pending, sum(held) as held, sum(owed) as owed from wallet")
    assert held is not None
    assert tuple(held) == (30, 20, 20)
    assert await broken_checks(conn) == {}


@pytest.mark.parametrize(
    ("vandalism", "broken"),
    [
        ("update wallet set owed = 0 where owed > 0", {"wallets"}),
        ("update wallet set held = 0 where held > 0", {"wallets", "redemptions"}),
        ("update lot set pending_until = null where pending_until is not null", {"cover"}),
        ("update lot set pending_until = now() where remaining > 0 and pending_until is null", {"cover"}),
        ("delete from lot_draw where points < 0", {"lots", "remainders"}),
        ("update lot_draw set points = -points where points < 0", {"lots", "remainders", "draws"}),
        ("update redemption set returned_entry_id = null where status = 'cancelled'", {"redemptions"}),
        ("update redemption set hold_entry_id = null where status = 'pending'", {"redemptions"}),
        ("update redemption set status = 'completed', cancelled_at = null where status = 'cancelled'", {"redemptions"}),
        ("update journal_entry set kind = 'adjust' where kind = 'restore'", {"redemptions", "wallets"}),
        ("update journal_entry set kind = 'adjust' where kind = 'reverse'", {"wallets"}),
        ("update refund set points_reversed = points_reversed - 1, points_owed = 0", {"refunds"}),
        ("delete from refund", {"refunds"}),
        ("update refund set entry_id = (select min(id) from journal_entry)", {"refunds"}),
        ("update refund set amount_minor = amount_minor + 1", {"refunds"}),
        ("update refund set points_due = points_due + 1", {"refunds"}),
        ("update transfer set points = points + 1", {"transfers"}),
        ("delete from transfer", {"transfers"}),
        ("update transfer set to_member_id = from_member_id, from_member_id = to_member_id", {"transfers"}),
        ("delete from lot where entry_id in (select id from journal_entry where kind = 'transfer')", {"lots", "draws"}),
    ],
)
async def test_what_is_done_to_the_rows_is_found(conn: Connection, vandalism: str, broken: set[str]) -> None:
    await conn.execute("set session_replication_role = replica")
    assert await conn.execute(vandalism) not in ("UPDATE 0", "DELETE 0")
    assert broken <= set(await broken_checks(conn))
