"""Voucher codes from a file: added as it arrives, every line answered, and nothing twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from schemas.admin.access import Role as RoleName
from tests.support.admin_api import PREFIX, AdminApi, admin_api
from tests.support.rows import add_reward
from tests.support.waiting import eventually

CSV = "text/csv"
Answered = tuple[int, list[dict[str, Any]]]


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[AdminApi]:
    async with admin_api(database_url, redis_url) as running:
        yield running


class Shelf:
    """A reward that hands out uploaded codes."""

    def __init__(self, api: AdminApi, reward_id: str) -> None:
        self.api, self.reward_id = api, reward_id

    @classmethod
    async def open(cls, api: AdminApi, voucher_source: str = "uploaded") -> Shelf:
        async with api.pool.acquire() as conn:
            return cls(api, str(await add_reward(conn, voucher_source=voucher_source)))

    async def send(self, body: Any, media_type: str = CSV, role: RoleName = "operator") -> Answered:
        token = self.api.token(self.api.admins[role], role)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
        url = f"{self.api.url}{PREFIX}/rewards/{self.reward_id}/vouchers"
        async with self.api.http.post(url, data=body, headers=headers) as answer:
            return answer.status, [json.loads(line) for line in (await answer.text()).splitlines()]

    async def stored(self) -> list[str]:
        async with self.api.pool.acquire() as conn:
            rows = await conn.fetch(
                "select code from voucher where reward_id = $1::uuid order by uploaded_at, upload_line", self.reward_id
            )
            return [row["code"] for row in rows]


def file_of(codes: list[str]) -> bytes:
    return "\n".join(["code", *codes]).encode()


async def test_every_line_of_a_file_is_answered_and_what_is_twice_is_named(api: AdminApi) -> None:
    shelf = await Shelf.open(api)
    assert (await shelf.send(json.dumps({"codes": ["OLD-1"]}), "application/json"))[1][0]["added"] == 1
    status, [*results, summary] = await shelf.send(b'code\r\nB-2\r\nA-1\r\nOLD-1\r\n\r\n"B-2"\r\nno code\r\nC,D\r\n')
    assert status == 200
    assert results[:4] == [
        {"line": 2, "status": "added"},
        {"line": 3, "status": "added"},
        {"line": 4, "status": "known", "voucher_code": "OLD-1"},
        {"line": 6, "status": "repeated", "voucher_code": "B-2", "first_line": 2},
    ]
    assert [(line["line"], line["status"], line["code"]) for line in results[4:]] == [
        (7, "refused", "validation_failed"),
        (8, "refused", "malformed_request"),
    ]
    assert results[4]["errors"][0]["pointer"] == "/code"
    counts = {name: summary[name] for name in ("complete", "lines", "added", "known", "repeated", "refused")}
    assert counts == {"complete": True, "lines": 6, "added": 2, "known": 1, "repeated": 1, "refused": 2}
    assert await shelf.stored() == ["OLD-1", "B-2", "A-1"]
    audited = [entry["after"] for entry in await api.audited() if entry["action"] == "reward.vouchers_uploaded"]
    assert audited[-1] == {"upload_id": summary["upload_id"], "first_line": 2, "last_line": 8, "added": 2}
    assert "B-2" not in str(audited)


async def test_what_is_twice_is_found_in_a_file_of_any_length(api: AdminApi) -> None:
    shelf = await Shelf.open(api)
    codes = [f"N-{number}" for number in range(2_500)]
    body = file_of([*codes, *codes[:10]])
    _, [*results, summary] = await shelf.send(body)
    assert [line["first_line"] for line in results[2_500:]] == list(range(2, 12))
    assert (summary["added"], summary["repeated"]) == (2_500, 10)
    assert await shelf.stored() == codes
    _, [*again, summary] = await shelf.send(body)
    assert {line["status"] for line in again} == {"known"}
    assert (summary["added"], summary["known"], await shelf.stored()) == (0, 2_510, codes)


async def test_the_same_file_from_two_at_once_adds_every_code_once(api: AdminApi) -> None:
    shelf = await Shelf.open(api)
    codes = [f"N-{number}" for number in range(3_000)]
    answers = await asyncio.gather(shelf.send(file_of(codes)), shelf.send(file_of(codes[::-1])))
    summaries = [lines[-1] for _, lines in answers]
    assert sum(summary["added"] for summary in summaries) == sum(summary["known"] for summary in summaries) == 3_000
    assert sorted(await shelf.stored()) == sorted(codes)


async def test_a_file_that_was_cut_off_is_sent_again(api: AdminApi) -> None:
    shelf = await Shelf.open(api)
    body, never = file_of([f"N-{number}" for number in range(1_700)]), asyncio.Event()

    async def broken() -> AsyncIterator[bytes]:
        yield body[:-100]
        await never.wait()

    cut = asyncio.create_task(shelf.send(broken()))

    async def first_batch_is_in() -> bool:
        return len(await shelf.stored()) >= 1_000

    await eventually(first_batch_is_in)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    _, [*_, summary] = await shelf.send(body)
    assert (summary["complete"], summary["added"] + summary["known"]) == (True, 1_700)
    assert len(await shelf.stored()) == 1_700


async def test_a_file_that_breaks_says_how_far_it_was_read(api: AdminApi) -> None:
    shelf = await Shelf.open(api)
    body = file_of([f"N-{number}" for number in range(1_000)]) + b'\n"X'
    _, [*results, summary] = await shelf.send(body)
    assert (len(results), summary["complete"], summary["added"]) == (1_000, False, 1_000)
    assert "line 1002" in summary["detail"]


async def test_what_is_no_list_of_codes_is_refused(api: AdminApi) -> None:
    shelf, made_here = await Shelf.open(api), await Shelf.open(api, "generated")
    nowhere = Shelf(api, str(uuid4()))
    refused: list[tuple[Shelf, bytes, str, int, str]] = [
        (shelf, b"", CSV, 400, "malformed_request"),
        (shelf, b"voucher;price\n", CSV, 400, "malformed_request"),
        (shelf, b"code\nA-1\n", "text/plain", 415, "unsupported_media_type"),
        (shelf, b"", "application/json", 400, "malformed_request"),
        (shelf, b'{"codes": [" "]}', "application/json", 422, "validation_failed"),
        (shelf, b'{"codes": ["' + b"A" * 1_000_000 + b'"]}', "application/json", 413, "body_too_large"),
        (made_here, file_of(["A-1"]), CSV, 409, "codes_generated"),
        (made_here, b"code\n", CSV, 409, "codes_generated"),
        (nowhere, file_of(["A-1"]), CSV, 404, "not_found"),
    ]
    for to, body, media_type, status, code in refused:
        answered, [problem] = await to.send(body, media_type)
        assert (answered, problem["code"]) == (status, code), (body[:20], problem)
    assert (await shelf.send(file_of(["A-1"]), role="viewer"))[0] == 403
    assert await shelf.stored() == []
    assert (await shelf.send(b"code\n"))[1][0]["lines"] == 0
