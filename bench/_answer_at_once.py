"""A server that answers every POST at once: the floor of bench.replay. Prints its URL and serves until it is ended."""

from __future__ import annotations

import asyncio

from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    """Read what was sent, as any server must, and be done."""
    await request.read()
    return web.json_response({"transaction_id": ""}, status=201)


async def serve() -> None:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
