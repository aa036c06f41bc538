"""A member gives points to another, as far as the program allows it."""

from __future__ import annotations

from loyalty.store.database import Pool
from tests.integration.customer.conftest import Shop
from tests.support.apis import Client
from tests.support.points import set_policy
from tests.support.rows import add_member, give_points


async def test_a_member_gives_points_once_the_program_allows_it(member: Client, shop: Shop, rows: Pool) -> None:
    async with rows.acquire() as conn:
        friend = await add_member(conn)
        await give_points(conn, shop.member_id, 50)
    body = {"to_member_id": str(friend), "points": 20, "note": "happy birthday"}
    refused = await member.post("/transfers", body)
    assert (refused.status, refused.code) == (409, "transfers_disabled")
    async with rows.acquire() as conn:
        await set_policy(conn, transfers={"enabled": True})
    given = await member.post("/transfers", body)
    assert (given.status, given.body["available_after"], given.body["note"]) == (201, 30, "happy birthday")
    over = await member.post("/transfers", body | {"points": 31})
    assert (over.status, over.body["points_missing"]) == (409, 1)
    assert (await member.get("/points")).body["available"] == 30
