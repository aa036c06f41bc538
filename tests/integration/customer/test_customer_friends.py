"""The member's code for friends: whoever joins with it is counted, and not named."""

from __future__ import annotations

from typing import Any

from tests.support.apis import Client

PASSWORD = "correct horse battery"


async def _join(client: Client, name: str, code: str | None) -> Any:
    body = {"email": f"{name}@example.com", "password": PASSWORD, "name": name, "referral_code": code}
    return await client.post("/register", body)


async def test_who_joins_with_a_code_is_seen_by_its_owner_without_a_name(client: Client, member: Client) -> None:
    before = (await member.get("/referrals")).body
    assert before["code"] == (await member.get("/profile")).body["referral_code"]
    assert (before["data"], before["completed"]) == ([], 0)
    assert before["terms"] == {"purchases": 1, "minimum_amount": "0.00", "currency": "GBP", "within_days": 90}

    joined = await _join(client, "Grace", before["code"].lower())
    [friend] = (await member.get("/referrals")).body["data"]
    assert friend == {"status": "open", "joined_at": joined.body["created_at"], "settled_at": None}


async def test_a_code_of_nobody_is_refused_at_its_field(client: Client) -> None:
    refused = await _join(client, "Grace", "NOBODYS0CODE")
    assert refused.status == 422
    assert [error["pointer"] for error in refused.body["errors"]] == ["/referral_code"]


async def test_friends_come_in_pages(client: Client, member: Client) -> None:
    code = (await member.get("/referrals")).body["code"]
    for name in ("Grace", "Edith", "Mary"):
        await _join(client, name, code)
    first = (await member.get("/referrals?limit=2")).body
    rest = (await member.get(f"/referrals?limit=2&cursor={first['next_cursor']}")).body
    times = [friend["joined_at"] for friend in first["data"] + rest["data"]]
    assert len(times) == 3
    assert times == sorted(times, reverse=True)
    assert rest["next_cursor"] is None
