"""A Customer API of a few lines that answers as it is told: for the replay's client and what is built on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True)
class FakeCustomerApi:
    """`answers` are given one after another, then 201 for ever. A status of 0 breaks the connection off.

    With `text` every answer is that instead of JSON.
    """

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    streams: list[list[bytes]] = field(default_factory=list)
    text: str | None = None
    resumed_from: list[str | None] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key", "")
        token = request.headers["Authorization"]
        self.requests.append((request.path, token, key, await request.read()))
        status, headers = self.answers.pop(0) if self.answers else (201, {})
        if not status:
            assert request.transport is not None
            request.transport.abort()
        if self.text is not None:
            return web.Response(text=self.text, status=status)
        return web.json_response({"transaction_id": key}, status=status or 500, headers=headers)

    async def events(self, request: web.Request) -> web.StreamResponse:
        self.resumed_from.append(request.headers.get("Last-Event-ID"))
        if not self.streams:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in self.streams.pop(0):
            await response.write(chunk)
        return response


@asynccontextmanager
async def serving(fake: FakeCustomerApi) -> AsyncIterator[FakeCustomerApi]:
    """The fake on a free port of the loopback, its `url` set."""
    application = web.Application()
    application.router.add_get("/api/customer/events", fake.events)
    application.router.add_route("*", "/{path:.*}", fake.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        await runner.cleanup()
