"""What any API does with requests that are odd, hostile, too large, too slow, or too many."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from api.kit.app import build_app
from loyalty.settings import Settings
from tests.integration.kit.conftest import API, SECRET
from tests.support.apis import Client, client_of, serving

PARCEL = {"amount": "1.00"}
WAIT_SECONDS = 30


async def raw(client: Client, *chunks: bytes) -> bytes:
    """What the server answers to bytes; it is read until the server closes or nothing more comes."""
    parts = urlsplit(client.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    with contextlib.closing(writer):
        for chunk in chunks:
            writer.write(chunk)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        async with asyncio.timeout(WAIT_SECONDS):
            with contextlib.suppress(ConnectionError):
                return await reader.read()
    return b""


def request(*headers: str, body: bytes = b"", line: str = "POST /api/parcels/parcels HTTP/1.1") -> bytes:
    lines = [line, "Host: test", "Connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


async def test_every_answer_has_the_headers_that_keep_it_safe(client: Client) -> None:
    replies = [
        await client.post("/parcels", PARCEL),
        await client.get("/nowhere"),
        await client.outside().get("/api/parcels/bug"),
        await client.outside().get("/health/live"),
        await client.outside().get("/docs"),
    ]
    for reply in replies:
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Request-Id"].startswith("req_")
        assert "Server" not in reply.headers


async def test_the_callers_request_id_comes_back_and_a_strange_one_does_not(client: Client) -> None:
    assert (await client.get("/parcels", **{"X-Request-Id": "order-42"})).headers["X-Request-Id"] == "order-42"
    strange = await client.outside().get("/api/parcels/bug", **{"X-Request-Id": "a b"})
    assert strange.headers["X-Request-Id"] == strange.body["request_id"] != "a b"


async def test_a_trace_is_continued(client: Client) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    continued = await client.get("/trace", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert continued.body["text"].startswith(f"00-{trace}-")
    assert trace not in (await client.get("/trace")).body["text"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "route_not_found"),
        ("GET", "/parcels/1", 404, "route_not_found"),
        ("DELETE", "/parcels", 405, "method_not_allowed"),
        ("PATCH", "/bug", 405, "method_not_allowed"),
    ],
)
async def test_paths_and_methods_that_are_none(client: Client, method: str, path: str, status: int, code: str) -> None:
    reply = await client.send(method, path, headers={})
    assert (reply.status, reply.code) == (status, code)
    if status == 405:
        assert set(reply.headers["Allow"].split(", ")) <= {"GET", "POST"}


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
async def test_bodies_of_another_kind_are_refused(client: Client, media_type: str) -> None:
    reply = await client.post("/parcels", PARCEL, **{"Content-Type": media_type})
    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    good = await client.post("/parcels", PARCEL, **{"Content-Type": "application/json; charset=utf-8"})
    assert good.status == 201


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"amount": NaN}', b'{"amount": "1", "amount": "2"}', b"\xff", b"[" * 50_000]
)
async def test_malformed_bodies_are_a_400(client: Client, body: bytes) -> None:
    reply = await client.post("/parcels", body)
    assert (reply.status, reply.code) == (400, "malformed_request")


@pytest.mark.parametrize(("body", "pointer"), [([], ""), (None, ""), ("x", ""), (7, ""), ({}, "/amount")])
async def test_bodies_that_are_no_object_are_a_422(client: Client, body: object, pointer: str) -> None:
    reply = await client.post("/parcels", json.dumps(body).encode())
    assert (reply.status, reply.pointers) == (422, [pointer])


async def test_a_bug_tells_nothing_but_where_to_ask(client: Client) -> None:
    reply = await client.outside().get("/api/parcels/bug")
    assert (reply.status, reply.code) == (500, "internal_error")
    assert SECRET not in json.dumps(reply.body)
    assert reply.body["request_id"] == reply.headers["X-Request-Id"]


async def test_a_body_of_10_megabytes_is_refused_and_the_server_goes_on(client: Client) -> None:
    big = io.BytesIO(b'{"amount": "1.00", "text": "' + b"x" * 10_000_000 + b'"}')
    url, json_type = client.url + "/api/parcels/parcels", {"Content-Type": "application/json"}
    async with client.session.post(url, data=big, headers=json_type) as answer:
        assert answer.status == 413
        assert (await answer.json())["code"] == "body_too_large"
    assert (await client.post("/parcels", PARCEL)).status == 201


async def test_a_body_that_only_says_it_is_large_is_refused_before_it_comes(client: Client) -> None:
    answer = await raw(client, request("Content-Type: application/json", "Content-Length: 10000000"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"body_too_large" in answer


async def test_a_body_in_chunks_has_the_same_limit(client: Client) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = request("Content-Type: application/json", "Transfer-Encoding: chunked")
    assert (await raw(client, head, *[chunk] * 20, b"0\r\n\r\n")).startswith(b"HTTP/1.1 413")


async def test_a_body_as_large_as_the_limit_is_read(client: Client) -> None:
    text = "x" * 99_000
    assert (await client.post("/parcels", PARCEL | {"text": text})).body["text"] == text


async def test_headers_have_a_limit(client: Client) -> None:
    assert (await raw(client, request("X-Long: " + "x" * 20_000))).startswith(b"HTTP/1.1 413")
    assert (await client.post("/parcels", PARCEL)).status == 201


@pytest.mark.parametrize(
    "line",
    [
        "POST /api/parcels/parcels HTTP/9.9",
        "nonsense",
        "GET / HTTP/1.1 HTTP/1.1",
        "GET /\xff HTTP/1.1",
        "\x00\x01\x02",
    ],
)
async def test_what_is_not_http_is_answered_and_the_server_goes_on(client: Client, line: str) -> None:
    answer = await raw(client, request(line=line))
    assert not answer or answer.startswith(b"HTTP/1.1 400")
    assert b"Traceback" not in answer
    assert (await client.post("/parcels", PARCEL)).status == 201


async def test_two_lengths_are_not_two_requests(client: Client) -> None:
    smuggled = request("Content-Length: 4", "Transfer-Encoding: chunked", body=b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    answer = await raw(client, smuggled)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /api/parcels/parcels HTTP/1.1\r\nHost: test\r\nX-Slow: ",
        request("Content-Type: application/json", "Content-Length: 100", body=b'{"amount"'),
    ],
    ids=["header", "body"],
)
async def test_a_request_that_does_not_arrive_is_given_up(settings: Settings, sent: bytes) -> None:
    impatient = settings.model_copy(update={"request_timeout_seconds": 1.0})
    async with serving(build_app(API, impatient)) as url, client_of(url, API.prefix) as client:
        answer = await raw(client, sent)
    assert re.match(rb"HTTP/1.1 (408|503)", answer), answer


async def test_callers_have_a_limit_each(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limit_per_minute": 5})
    async with serving(build_app(API, limited)) as url, client_of(url, API.prefix) as client:
        one, two = client.as_member(uuid4()), client.as_member(uuid4())
        replies = [await one.get("/mine") for _ in range(6)]
        assert [reply.status for reply in replies] == [200] * 5 + [429]
        assert replies[0].headers["RateLimit-Policy"] == '"default";q=5;w=60'
        assert [re.findall(r"r=(\d+)", reply.headers["RateLimit"])[0] for reply in replies[:5]] == list("43210")
        assert 0 < int(replies[5].headers["Retry-After"]) <= 12
        assert replies[5].headers["RateLimit"].startswith('"default";r=0;t=')
        assert replies[5].headers["RateLimit-Policy"] == replies[0].headers["RateLimit-Policy"]
        assert (await two.get("/mine")).status == 200
        assert (await client.outside().get("/health/live")).status == 200


async def test_the_limit_is_one_for_all_processes(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limit_per_minute": 5})
    async with (
        serving(build_app(API, limited)) as first,
        serving(build_app(API, limited)) as second,
        client_of(first, API.prefix) as one,
        client_of(second, API.prefix) as two,
    ):
        caller = uuid4()
        clients = [each.as_member(caller) for each in (one, two)]
        replies = [await clients[n % 2].get("/mine") for n in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [429]


async def test_metrics_and_documentation_are_served_from_here(client: Client) -> None:
    outside = client.outside()
    await client.post("/parcels", PARCEL)
    metrics = (await outside.get("/metrics")).body
    assert 'laurel_http_requests_total{api="customer",method="POST",route="post_parcel",status="201"} 1.0' in metrics
    page = (await outside.get("/docs")).body
    assert not re.search(r"(src|href)=\"(?!/)", page)
    for asset in re.findall(r"(?:src|href)=\"(/docs/[^\"]+)\"", page):
        assert (await outside.get(asset)).status == 200
    assert (await outside.get("/openapi.json")).body["info"]["title"] == "Parcels"
