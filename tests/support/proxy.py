"""A TCP proxy that can be cut: how a server goes away, for one test, without ending the server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 65_536


@dataclass
class Proxy:
    """Forwards to `host:port` while it is whole.

    `cut` ends every connection and refuses new ones; `hold` keeps them, and what is said on them to itself.
    While it is `deaf` what is asked arrives, and what is answered is lost on the way.
    """

    host: str
    port: int
    own_port: int = 0
    deaf: bool = False
    _server: asyncio.Server | None = None
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def hold(self) -> None:
        self._flowing.clear()

    async def mend(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.own_port)
        self.own_port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._server = None

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
            with contextlib.closing(far_writer), contextlib.suppress(OSError):
                await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer, answers=True))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._running.discard(task)
            writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._flowing.wait()
            if answers and self.deaf:
                continue
            writer.write(data)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[str, Proxy]]:
    """The same URL through a proxy, and the proxy."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    await proxy.mend()
    user, at, _ = parts.netloc.rpartition("@")
    try:
        yield urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{proxy.own_port}")), proxy
    finally:
        await proxy.cut()
