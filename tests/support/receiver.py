"""An endpoint of webhooks, on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Receiver:
    """An endpoint on a port of its own, that answers with `statuses` in turn, the last for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        if self.hold:
            await self.hold.wait()
        status = self.statuses[min(len(self.got), len(self.statuses)) - 1]
        headers = {"Location": self.url + "/elsewhere"} if status == 302 else {}
        return web.Response(status=status, text="thanks", headers=headers)

    @property
    def events(self) -> list[tuple[str, str]]:
        """Type and member of each message."""
        told = [json.loads(body) for _, body in self.got]
        return [(one["type"], one["data"].get("member_id", "")) for one in told]


@contextlib.asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(statuses=list(statuses) or [204])
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
