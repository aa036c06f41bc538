"""Claims with a merchant's signed receipt, where the program asks for one."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey

from api.customer.app import create_app
from loyalty.clock import system_clock
from loyalty.services import signing_keys
from loyalty.services.auditing import Actor
from loyalty.services.receipts import sign_receipt
from loyalty.settings import Settings
from loyalty.store.database import Pool
from schemas.admin.signing_keys import MadeSigningKey, NewSigningKey
from schemas.receipts import ReceiptClaims
from stack.node import NODE
from tests.integration.customer.conftest import PREFIX, Shop, count_rows
from tests.support.apis import Client, Reply, client_of, serving
from tests.support.rows import add_member, add_merchant

ACTOR = Actor("system", "test")
DOCS = Path(__file__).parents[3] / "docs" / "receipts.md"
ITEMS = [{"sku": "tea", "category": "drinks", "quantity": 2, "amount": "12.30"}]
NOON = "2026-03-01T12:00:00Z"
Sign = Callable[..., str]


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[Client]:
    asking = settings.model_copy(update={"transaction_trust": "receipt"})
    async with serving(create_app(asking)) as url, client_of(url, PREFIX) as opened:
        yield opened


@pytest.fixture
def member(strict: Client, shop: Shop) -> Client:
    return strict.as_member(shop.member_id)


@pytest.fixture
async def key(rows: Pool, shop: Shop) -> MadeSigningKey:
    return await _add_key(rows, shop.merchant_id)


@pytest.fixture
def sign(shop: Shop, key: MadeSigningKey) -> Sign:
    return lambda **changed: _signed(key, shop, **changed)


async def _add_key(rows: Pool, merchant_id: UUID, public_key: dict[str, Any] | None = None) -> MadeSigningKey:
    command = NewSigningKey.model_validate({"public_key": public_key})
    async with rows.acquire() as conn, conn.transaction():
        return await signing_keys.add_key(conn, merchant_id, command, ACTOR, system_clock)


def _signed(key: MadeSigningKey, shop: Shop, **changed: Any) -> str:
    said = {**shop.purchase("12.30", external_id="R-1", items=ITEMS, occurred_at=NOON), "exp": int(time.time()) + 60}
    assert key.private_key is not None
    return sign_receipt(key.private_key, ReceiptClaims.model_validate_json(json.dumps(said | changed)))


async def _claim(member: Client, shop: Shop, receipt: str | None, **changed: Any) -> Reply:
    claim = shop.purchase("12.30", external_id="R-1", items=ITEMS, occurred_at=NOON)
    return await member.post("/transaction", {**claim, "receipt": receipt, **changed})


async def test_a_purchase_is_claimed_with_its_receipt_once(
    member: Client, strict: Client, shop: Shop, rows: Pool, sign: Sign
) -> None:
    async with rows.acquire() as conn:
        thief = strict.as_member(await add_member(conn))
    claimed = await _claim(member, shop, sign())
    again = await _claim(member, shop, sign(amount="12.3"))
    stolen = await _claim(thief, shop, sign())
    assert [reply.status for reply in (claimed, again, stolen)] == [201, 200, 409]
    assert stolen.code == "external_id_reused"
    assert again.body == claimed.body
    assert await rows.fetchval("select count(*) from transaction") == 1


async def test_two_members_with_one_receipt_at_once_are_one_purchase(
    strict: Client, shop: Shop, rows: Pool, sign: Sign
) -> None:
    async with rows.acquire() as conn:
        members = [strict.as_member(await add_member(conn)) for _ in range(6)]
    replies = await asyncio.gather(*[_claim(each, shop, sign()) for each in members])
    assert sorted(reply.status for reply in replies) == [201] + [409] * 5


async def test_every_wrong_receipt_is_refused_with_its_own_code(
    member: Client, shop: Shop, rows: Pool, sign: Sign, key: MadeSigningKey
) -> None:
    async with rows.acquire() as conn:
        other_merchant = await add_merchant(conn)
    foreign = await _add_key(rows, other_merchant)
    stranger = await _add_key(rows, shop.merchant_id)
    assert stranger.private_key is not None
    forged = stranger.model_copy(update={"private_key": {**stranger.private_key, "kid": str(key.key_id)}})
    header, payload, signature = sign().split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","kid":"%s"}' % str(key.key_id).encode()).decode().rstrip("=")
    hmac = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"%s"}' % str(key.key_id).encode()).decode().rstrip("=")
    before = await count_rows(rows)
    wrong: dict[str, list[str | None]] = {
        "receipt_required": [None],
        "receipt_malformed": ["x", "e30.e30.e30", f"{header}.{payload}", ".." * 50],
        "receipt_key_unknown": [_signed(foreign, shop)],
        "receipt_signature_invalid": [
            _signed(forged, shop),
            f"{header}.{sign(amount='99.00').split('.')[1]}.{signature}",
            f"{unsigned}.{payload}.",
            f"{hmac}.{payload}.{signature}",
        ],
        "receipt_expired": [sign(exp=int(time.time()) - 1)],
        "receipt_mismatch": [
            sign(amount="99.00"),
            sign(currency="EUR"),
            sign(external_id="R-2"),
            sign(items=[]),
            sign(occurred_at="2026-03-02T12:00:00Z"),
            sign(occurred_at=None),
            sign(member_id=str(uuid4())),
        ],
    }
    seen = {code: {(await _claim(member, shop, one)).code for one in receipts} for code, receipts in wrong.items()}
    assert seen == {code: {code} for code in wrong}
    assert (await _claim(member, shop, sign(), amount="12.31", items=[])).body["fields"] == ["amount", "items"]
    assert await count_rows(rows) == before


async def test_keys_overlap_and_a_revoked_one_verifies_nothing(
    member: Client, shop: Shop, rows: Pool, sign: Sign, key: MadeSigningKey
) -> None:
    own = ECKey.generate_key("P-256")
    given = await _add_key(rows, shop.merchant_id, dict(own.as_dict(private=False)))
    private = {**own.as_dict(private=True), "alg": "ES256", "kid": str(given.key_id)}
    second = given.model_copy(update={"private_key": private})
    assert (given.algorithm, given.private_key) == ("ES256", None)
    for number, one in (("R-1", key), ("R-2", second)):
        claimed = await _claim(member, shop, _signed(one, shop, external_id=number), external_id=number)
        assert claimed.status == 201
    async with rows.acquire() as conn, conn.transaction():
        await signing_keys.revoke_key(conn, shop.merchant_id, key.key_id, ACTOR, system_clock)
    assert (await _claim(member, shop, sign())).code == "receipt_key_revoked"
    assert (await _claim(member, shop, _signed(second, shop, member_id=str(shop.member_id)))).status == 200


def _run(*command: str, **environment: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60).stdout


async def test_the_shop_signs_from_a_shell_and_in_node(
    member: Client, shop: Shop, rows: Pool, database_url: str, tmp_path: Path
) -> None:
    """The commands as an operator types them, and the example of docs/receipts.md as it is printed there."""
    key_file = tmp_path / "shop.json"
    laurel = (sys.executable, "-m", "cli", "receipt")
    ensure = (*laurel, "shop", "--key-file", str(key_file), "--json")
    first, second = [json.loads(_run(*ensure, LAUREL_DATABASE_URL=database_url)) for _ in range(2)]
    assert (first["made"], second["made"], first["merchant_id"]) == (True, False, second["merchant_id"])
    assert key_file.stat().st_mode & 0o077 == 0
    claim = {"external_id": "R-1", "amount": "5.00", "currency": "GBP", "merchant_id": first["merchant_id"]}

    purchase = tmp_path / "purchase.json"
    purchase.write_text(json.dumps(claim))
    from_shell = _run(*laurel, "sign", "--key-file", str(key_file), str(purchase)).strip()
    assert (await member.post("/transaction", {**claim, "receipt": from_shell})).status == 201

    [example] = re.findall(r"```js\n(.*?)```", DOCS.read_text(), re.DOTALL)
    script = tmp_path / "sign.mjs"
    claim["external_id"] = "R-2"
    script.write_text(example + f"\nconsole.log(signReceipt({json.dumps(claim)}))\n")
    from_node = _run(str(NODE), str(script), LAUREL_SHOP_SIGNING_KEY_FILE=str(key_file)).strip()
    assert (await member.post("/transaction", {**claim, "receipt": from_node})).status == 201
