"""The worker's own port: /health/live, /health/ready and /metrics, on the loopback interface."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

HOST = "127.0.0.1"


@asynccontextmanager
async def serve_health(
    port: int, registry: CollectorRegistry, missing: Callable[[], Awaitable[list[str]]]
) -> AsyncIterator[int]:
    """Serves until the context ends; gives the port (a free one for 0). `missing` names what keeps it from working."""

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        absent = await missing()
        return web.json_response(
            {"status": "not ready" if absent else "ready", "missing": absent}, status=503 if absent else 200
        )

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
