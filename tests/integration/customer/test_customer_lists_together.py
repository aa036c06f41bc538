"""Parts of several members' lists from one statement: each gets their own, as if they had asked alone."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from loyalty.clock import new_id
from loyalty.errors import LaurelError, Unauthenticated
from loyalty.store.database import Connection, Pool
from loyalty.store.member_lists import Part, PartAsked, list_redemptions, list_transactions
from loyalty.store.members import MemberInactive
from tests.integration.customer.conftest import Shop
from tests.support.apis import Client
from tests.support.rows import add_member, add_redemption, add_reward, add_transactions

ALL = 100


def ids(part: Part) -> list[UUID]:
    assert not isinstance(part, LaurelError)
    return [row["id"] for row in part]


async def fill(conn: Connection, shop: Shop, member_id: UUID, count: int) -> tuple[list[UUID], list[UUID]]:
    """Purchases and redemptions of the member, the newest first."""
    bought = await add_transactions(conn, member_id, shop.merchant_id, count)
    reward = await add_reward(conn)
    asked_for = [await add_redemption(conn, member_id, reward) for _ in range(count)]
    return bought[::-1], asked_for[::-1]


async def test_each_gets_the_part_asked_for(rows: Pool, shop: Shop) -> None:
    async with rows.acquire() as conn:
        ada, bob, eve = [await add_member(conn) for _ in range(3)]
        adas, bobs = await fill(conn, shop, ada, 5), await fill(conn, shop, bob, 3)
        for place, listed in enumerate((list_transactions, list_redemptions)):
            of_ada, of_bob = adas[place], bobs[place]
            asked = [
                PartAsked(bob, None, ALL),
                PartAsked(ada, None, 2),
                PartAsked(eve, None, ALL),
                PartAsked(ada, of_ada[1], 2),
                PartAsked(ada, of_bob[0], ALL),
                PartAsked(bob, of_bob[-1], ALL),
                PartAsked(bob, None, ALL),
            ]
            found = [ids(part) for part in await listed(conn, asked)]
            of_ada_before_bobs = [each for each in of_ada if each < of_bob[0]]
            assert found == [of_bob, of_ada[:2], [], of_ada[2:4], of_ada_before_bobs, [], of_bob]


async def test_who_may_not_see_keeps_nobody_else_from_it(rows: Pool, shop: Shop) -> None:
    async with rows.acquire() as conn:
        ada, gone = await add_member(conn), await add_member(conn, status="erased")
        for listed in (list_transactions, list_redemptions):
            asked = [PartAsked(member, None, ALL) for member in (gone, new_id(), ada)]
            erased, unknown, own = await listed(conn, asked)
            assert isinstance(erased, MemberInactive)
            assert isinstance(unknown, Unauthenticated)
            assert own == []


@pytest.mark.parametrize("path", ["/transactions", "/redemptions"])
async def test_of_many_who_ask_at_once_each_sees_their_own(path: str, client: Client, rows: Pool, shop: Shop) -> None:
    async with rows.acquire() as conn:
        members = [await add_member(conn) for _ in range(8)]
        place = ("/transactions", "/redemptions").index(path)
        own = {member: (await fill(conn, shop, member, 2))[place] for member in members}
    asking = [member for member in members for _ in range(8)]
    replies = await asyncio.gather(*(client.as_member(member).get(path) for member in asking))
    name = "transaction_id" if place == 0 else "redemption_id"
    for member, reply in zip(asking, replies, strict=True):
        assert [row[name] for row in reply.body["data"]] == [str(each) for each in own[member]]
