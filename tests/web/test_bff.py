"""The server between the pages and the API: who may ask, for what, and what comes back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import aiohttp
import pytest
from joserfc import jwe
from joserfc.jwk import OctKey

from tests.support.system import System
from tests.support.webapps import WebApp, serving
from tests.web.members import OWN, PASSWORD, join
from tests.web.visiting import Visits

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "x-laurel": "1"},
    {"Sec-Fetch-Site": "same-site", "x-laurel": "1"},
    {"Origin": "https://evil.example", "x-laurel": "1"},
    {"Origin": "null", "x-laurel": "1"},
    {},
]
NOT_FORWARDED = [
    ("GET", "/api/customer/points/balance"),
    ("POST", "/api/customer/login"),
    ("POST", "/api/customer/refresh"),
    ("POST", "/api/customer/transaction"),
    ("PUT", "/api/customer/profile"),
    ("GET", "/api/customer/../admin/members"),
    ("GET", "/api/customer/transactions/..%2f..%2fprofile"),
    ("GET", "/assets/..%2fmetrics"),
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/api/session", "/api/customer/redeem", "/api/shop/orders"])
async def test_a_change_that_no_page_of_this_site_asked_for(
    customer_web: WebApp, headers: dict[str, str], path: str
) -> None:
    async with aiohttp.ClientSession() as http, http.post(customer_web.url + path, json={}, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "foreign_request")


@pytest.mark.parametrize(("method", "path"), NOT_FORWARDED)
async def test_what_is_not_on_the_list_is_not_forwarded(
    customer_web: WebApp, visits: Visits, method: str, path: str
) -> None:
    visit = await visits.begin(customer_web.url)
    await join(visit.context)
    answer = await visit.context.request.fetch(path, method=method, headers=OWN, max_redirects=0)
    assert answer.status in (404, 405), await answer.text()


async def test_many_requests_with_an_old_token_refresh_it_once(
    customer_web: WebApp, system: System, visits: Visits
) -> None:
    """A refresh token that is used twice ends its session: it goes on, so it was used once."""
    visit = await visits.begin(customer_web.url)
    member = await join(visit.context)
    async with aiohttp.ClientSession() as http:
        body = {"email": member.email, "password": PASSWORD}
        async with http.post(f"{system.customer_urls[0]}/api/customer/login", json=body) as entered:
            tokens = await entered.json()
        old = _sealed(customer_web, tokens["access_token"], tokens["refresh_token"])

        async def ask() -> tuple[int, str]:
            headers = {**OWN, "Cookie": f"laurel-customer={old}"}
            async with http.get(f"{customer_web.url}/api/customer/points", headers=headers) as answer:
                return answer.status, answer.cookies["laurel-customer"].value

        answers = await asyncio.gather(*(ask() for _ in range(20)))
        assert {status for status, _ in answers} == {200}
        assert all(renewed != old for _, renewed in answers)
        status, _ = await ask()
        assert status == 200, "a tab that still has the old cookie goes on as well"


def _sealed(web: WebApp, access_token: str, refresh_token: str) -> str:
    """A session of which the server thinks that its access token should be replaced."""
    key = OctKey.import_key(hashlib.sha256(web.environment["LAUREL_WEB_SESSION_KEY"].encode()).digest())
    session = {"accessToken": access_token, "refreshToken": refresh_token, "freshUntil": 0}
    claims = {**session, "aud": "laurel-customer", "exp": int(time.time()) + 600}
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, json.dumps(claims), key)


async def test_answers_carry_a_policy_that_lets_nothing_foreign_in(customer_web: WebApp) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{customer_web.url}/sign-in") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "form-action 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy.replace("style-src-attr 'unsafe-inline'", "")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "X-Powered-By" not in answer.headers


async def test_an_events_stream_ends_at_the_api_when_the_page_goes(customer_web: WebApp, visits: Visits) -> None:
    """The API takes eight streams of a member: twenty in turn show that none is left behind."""
    visit = await visits.begin(customer_web.url)
    await join(visit.context)
    [cookie] = [one for one in await visit.context.cookies() if one["name"] == "laurel-customer"]
    headers = {**OWN, "Cookie": f"laurel-customer={cookie['value']}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        for _ in range(20):
            async with http.get(f"{customer_web.url}/api/customer/events") as stream:
                assert (stream.status, stream.headers["Content-Type"]) == (200, "text/event-stream")
                assert b"points.changed" in await stream.content.readuntil(b"event: points.changed")


class Listener(BaseHTTPRequestHandler):
    """An API that refuses everybody and remembers who is said to have asked."""

    heard: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        self.heard.append(self.headers["X-Forwarded-For"])
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def web_of_listener(tmp_path: Path) -> Iterator[WebApp]:
    """A Customer Web whose API is a Listener."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        with serving("customer", {"LAUREL_CUSTOMER_API_URL": f"http://127.0.0.1:{api.server_port}"}, tmp_path) as web:
            yield web
        api.shutdown()


async def test_the_api_hears_where_a_request_comes_from(web_of_listener: WebApp) -> None:
    """What a client made up stays to the left of where it really is: an API believes what the proxy appended."""
    async with aiohttp.ClientSession(headers=OWN) as http:
        for said in ({}, {"X-Forwarded-For": "203.0.113.7"}):
            async with http.post(f"{web_of_listener.url}/api/session", json={}, headers=said) as answer:
                assert answer.status == 401
    assert Listener.heard == ["127.0.0.1", "203.0.113.7, 127.0.0.1"]
