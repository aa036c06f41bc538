"""Purchases from a file: recorded as it arrives, a result for every line, and the same file again does nothing more."""

from __future__ import annotations

import asyncio
import csv
import http.client
import io
import json
import random
import socket
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.admin.app import create_app
from api.kit.errors import MalformedRequest
from api.kit.lines import csv_records
from tests.support.admin_api import PREFIX, AdminApi, admin_api
from tests.support.apis import serving

NDJSON, CSV = "application/x-ndjson", "text/csv"
Answered = tuple[int, list[dict[str, Any]]]


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


class Till:
    """A merchant's key, and members who buy there."""

    def __init__(self, api: AdminApi, secret: str) -> None:
        self.api, self.secret = api, secret

    @classmethod
    async def open(cls, api: AdminApi, members: int = 3) -> Till:
        async with api.pool.acquire() as conn:
            await conn.execute(
                "insert into member (id, external_id, created_at) select uuidv7(), 'card-' || n, now() "
                "from generate_series(1, $1::int) n",
                members,
            )
            await conn.execute("insert into wallet (member_id, updated_at) select id, now() from member")
        return cls(api, (await api.add_merchant_key("transactions:write")).secret)

    async def send(self, body: Any, media_type: str = NDJSON, token: str | None = None, **query: str) -> Answered:
        headers = {"Authorization": f"Bearer {token or self.secret}", "Content-Type": media_type}
        url = self.api.url + PREFIX + "/transactions/import"
        async with self.api.http.post(url, data=body, headers=headers, params=query) as answer:
            text = await answer.text()
        return answer.status, [json.loads(line) for line in text.splitlines()]

    async def count(self) -> int:
        async with self.api.pool.acquire() as conn:
            recorded: int = await conn.fetchval("select count(*) from transaction t join outbox o on o.event_id = t.id")
            assert recorded == await conn.fetchval("select count(*) from transaction")
            return recorded


def purchase(number: int, **changed: Any) -> dict[str, Any]:
    member = f"card-{number % 3 + 1}"
    return {"member_external_id": member, "external_id": f"R-{number}", "amount": "5.00", "currency": "GBP"} | changed


def lines_of(purchases: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in purchases)


async def test_a_file_is_recorded_once_however_often_it_is_sent(api: AdminApi) -> None:
    till = await Till.open(api)
    body = lines_of([purchase(number) for number in range(250)])
    status, [*results, summary] = await till.send(body)
    assert status == 200
    assert [result["line"] for result in results] == list(range(1, 251))
    assert {result["status"] for result in results} == {"recorded"}
    assert (summary["complete"], summary["recorded"], summary["lines"]) == (True, 250, 250)
    _, [*again, summary] = await till.send(body)
    assert {result["status"] for result in again} == {"already_recorded"}
    assert [result["transaction_id"] for result in again] == [result["transaction_id"] for result in results]
    assert await till.count() == 250
    audited = [entry for entry in await api.audited() if entry["action"] == "transactions.imported"]
    assert sum(entry["after"]["recorded"] for entry in audited) == 250


async def test_wrong_lines_are_told_and_the_others_go_on(api: AdminApi) -> None:
    till = await Till.open(api)
    wrong: list[tuple[bytes, str]] = [
        (b"{", "malformed_request"),
        (b'{"a": 1, "a": 2}', "malformed_request"),
        (b'{"a": "\xff"}', "malformed_request"),
        (json.dumps(purchase(1, amount="-5")).encode(), "validation_failed"),
        (json.dumps(purchase(2, currency="EUR")).encode(), "validation_failed"),
        (json.dumps(purchase(3, member_external_id="nobody")).encode(), "not_found"),
        (json.dumps(purchase(4, member_external_id=None, member_id=str(uuid4()))).encode(), "not_found"),
        (json.dumps(purchase(5, external_id=None)).encode(), "validation_failed"),
        (json.dumps(purchase(6, external_id="a\0b")).encode(), "validation_failed"),
        (json.dumps(purchase(0, amount="6.00")).encode(), "external_id_reused"),
    ]
    body = lines_of([purchase(0)]) + b"\n" + b"\n".join(line for line, _ in wrong) + b"\n" + lines_of([purchase(9)])
    _, [first, *refused, last, summary] = await till.send(body)
    assert [result["code"] for result in refused] == [code for _, code in wrong]
    assert [(at["pointer"], at["detail"][:19]) for at in refused[3]["errors"]] == [("/amount", "Should be an amount")]
    assert [result.get("external_id") for result in refused[3:7]] == ["R-1", "R-2", "R-3", "R-4"]
    assert [result["line"] for result in refused] == list(range(3, 13))
    assert (first["status"], last["status"], last["line"]) == ("recorded", "recorded", 13)
    assert (summary["recorded"], summary["refused"]) == (2, len(wrong))
    assert await till.count() == 2


async def test_csv_has_cells_with_line_breaks_and_items(api: AdminApi) -> None:
    till = await Till.open(api)
    items = json.dumps([{"sku": "te\na", "quantity": 1, "amount": "5.00"}]).replace('"', '""')
    body = (
        "external_id,member_external_id,amount,currency,items\r\n"
        'R-1,card-1,5.00,GBP,\r\n"R\n2",card-2,5.00,GBP,"' + items + '"\r\nR-3,card-3,5,GBP,[\r\nR-4,card-3,5,GBP,,,\n'
    )
    _, [one, two, *refused, summary] = await till.send(body.encode(), CSV)
    assert [(one["line"], one["status"]), (two["line"], two["status"])] == [(2, "recorded"), (3, "recorded")]
    assert [result["line"] for result in refused] == [5, 6]
    assert summary["refused"] == 2
    status, [problem] = await till.send(b"external_id,price\r\n", CSV)
    assert (status, problem["code"]) == (400, "malformed_request")
    assert (await till.send(b"", CSV))[0] == 400
    assert (await till.send(b"{}", "application/json"))[0] == 415


async def test_a_dry_run_says_the_same_and_records_nothing(api: AdminApi) -> None:
    till = await Till.open(api)
    await till.send(lines_of([purchase(0)]))
    body = lines_of([purchase(0), purchase(1), purchase(2, currency="EUR")])
    _, [*results, summary] = await till.send(body, dry_run="true")
    assert [result["status"] for result in results] == ["already_recorded", "recorded", "refused"]
    assert "transaction_id" not in results[1]
    assert summary["dry_run"] is True
    assert await till.count() == 1


async def test_who_imports_for_whom(api: AdminApi) -> None:
    till = await Till.open(api)
    merchant = (await api.admin.post("/merchants", {"name": "Shop"})).body["merchant_id"]
    operator, viewer = (api.token(api.admins[role], role) for role in ("operator", "viewer"))
    body = lines_of([purchase(0)])
    assert (await till.send(body, token=operator))[0] == 422
    assert (await till.send(body, merchant_id=merchant))[0] == 422
    assert (await till.send(body, token=operator, merchant_id=str(uuid4())))[0] == 404
    assert (await till.send(body, token=viewer, merchant_id=merchant))[0] == 403
    assert (await till.send(body, token=operator, merchant_id=merchant))[1][0]["status"] == "recorded"


async def test_a_client_that_reads_nothing_before_it_has_sent_all_is_answered_whole(api: AdminApi) -> None:
    """8,000 results are more than the buffers between hold: neither side may wait for the other."""
    till = await Till.open(api)
    wrong = b'{"external_id": "' + b"x" * 1_000 + b'"}\n'
    body = wrong * 8_000
    head = (
        f"POST {PREFIX}/transactions/import HTTP/1.1\r\nHost: laurel\r\nAuthorization: Bearer {till.secret}\r\n"
        f"Content-Type: {NDJSON}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )

    def talk(url: str) -> bytes:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            connection.sendall(head.encode() + body)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return response.read()

    async with serving(create_app(api.settings), send_buffer_bytes=65_536) as url:
        answer = await asyncio.to_thread(talk, url)
    *results, summary = answer.splitlines()
    assert len(results) == 8_000
    assert json.loads(summary)["refused"] == 8_000


async def test_a_broken_file_ends_with_a_summary_that_says_so(api: AdminApi) -> None:
    till = await Till.open(api)
    body = lines_of([purchase(number) for number in range(100)]) + b"\xff\n" + b"x" * 1_200_000
    _, [*results, summary] = await till.send(io.BytesIO(body))
    assert len(results) == 100
    assert (summary["complete"], summary["recorded"]) == (False, 100)
    assert "Line 102" in summary["detail"]


async def test_two_imports_and_their_members_own_purchases_at_once(api: AdminApi) -> None:
    """Members in opposite orders: wallets are locked in one order all the same, so nobody waits for ever."""
    till = await Till.open(api)
    numbers = list(range(300))
    bodies = [lines_of([purchase(number) for number in order]) for order in (numbers, numbers[::-1])]
    answers = await asyncio.gather(*[till.send(body) for body in bodies])
    assert [lines[-1]["complete"] for _, lines in answers] == [True, True]
    assert sum(lines[-1]["recorded"] for _, lines in answers) == 300
    assert await till.count() == 300


async def test_an_import_that_was_cut_off_is_resumed_by_sending_it_again(api: AdminApi, rng: random.Random) -> None:
    till = await Till.open(api)
    body = lines_of([purchase(number) for number in range(400)])
    sent = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[: rng.randrange(len(body) // 2, len(body))]
        sent.set()
        await asyncio.Event().wait()

    cut = asyncio.create_task(till.send(slowly()))
    await sent.wait()
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    _, [*results, summary] = await till.send(body)
    assert (summary["complete"], summary["refused"], len(results)) == (True, 0, 400)
    assert await till.count() == 400


@given(st.lists(st.lists(st.text('ab,"\r\n é😀', max_size=5), min_size=2, max_size=2), max_size=6), st.data())
def test_csv_reads_the_same_however_it_is_cut(rows: list[list[str]], data: st.DataObject) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["a", "b"], *rows])
    body = text.getvalue().encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))

    async def chunks() -> AsyncIterator[bytes]:
        for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
            yield body[start:end]

    async def read() -> list[dict[str, str]]:
        found = [record async for _, record in csv_records(chunks(), ("a", "b"), dict)]
        return [json.loads(record) for record in found if not isinstance(record, MalformedRequest)]

    expected = [{k: v for k, v in zip("ab", row, strict=True) if v} for row in rows]
    assert asyncio.run(read()) == [row for row in expected if row]
