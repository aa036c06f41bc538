"""What every API serves beside its own routes: health, metrics, and its documentation, all from itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
from redis.exceptions import RedisError
from sanic import Request
from sanic.response import HTTPResponse

from api.kit.deps import Deps
from api.kit.endpoint import App, respond
from api.kit.metrics import Metrics
from api.kit.openapi import document
from api.kit.routes import Answer, Api
from api.kit.tracing import request_id_of
from loyalty.store.database import DATABASE_AWAY, connection
from schemas.asyncapi import whole_asyncapi_document

ASSETS = Path(__file__).parent / "assets"
CHECK_SECONDS = 2.0
AWAY: tuple[type[BaseException], ...] = (RedisError, *DATABASE_AWAY)
DOCS_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'"
PAGE_HEADERS = {"Content-Security-Policy": DOCS_POLICY, "Cache-Control": "max-age=300"}
PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=3600",
}
ASSET_TYPES = {"docs.html": "text/html; charset=utf-8", "docs.js": "text/javascript", "docs.css": "text/css"}


def add_operations(app: App, api: Api, metrics: Metrics) -> None:
    """Adds them, outside of the API's prefix and rate limits."""
    openapi = orjson.dumps(document(api), option=orjson.OPT_INDENT_2)
    _serve(app, "/health/live", lambda _: _constant({"status": "live"}))
    _serve(app, "/health/ready", lambda deps: _stopping() if app.ctx.stopping else _ready(deps))
    _serve(app, "/metrics", lambda _: _text(metrics.page(), "text/plain; version=0.0.4; charset=utf-8"))
    asyncapi = orjson.dumps(whole_asyncapi_document(), option=orjson.OPT_INDENT_2)
    _serve(app, "/openapi.json", lambda _: _text(openapi, "application/json"))
    _serve(app, "/asyncapi.json", lambda _: _text(asyncapi, "application/json"))
    for name, content_type in ASSET_TYPES.items():
        path = "/docs" if name == "docs.html" else f"/docs/{name}"
        _serve(app, path, _asset((ASSETS / name).read_bytes(), content_type, PAGE_HEADERS))
    if api.assets is not None:
        for file in sorted(api.assets.rglob("*.svg")):
            path = f"/assets/{file.relative_to(api.assets).as_posix()}"
            _serve(app, path, _asset(file.read_bytes(), "image/svg+xml", PICTURE_HEADERS))


async def _ready(deps: Deps) -> Answer:
    """Ready while the database answers. Without Redis requests go on, so its absence is only named."""
    database, redis = await asyncio.gather(_answers(_ask_database(deps)), _answers(_ask_redis(deps)))
    missing = [name for name, there in (("database", database), ("redis", redis)) if not there]
    status = "ready" if not missing else "degraded" if database else "not ready"
    body = orjson.dumps({"status": status, "missing": missing})
    return Answer(200 if database else 503, body, {} if database else {"Retry-After": "1"})


async def _stopping() -> Answer:
    return Answer(503, orjson.dumps({"status": "stopping", "missing": []}), {"Retry-After": "1"})


async def _answers(question: Awaitable[object]) -> bool:
    try:
        await asyncio.wait_for(question, CHECK_SECONDS)
    except AWAY:
        return False
    return True


async def _ask_database(deps: Deps) -> None:
    async with connection(deps.pool, wait_seconds=CHECK_SECONDS) as conn:
        await conn.fetchval("select 1")


async def _ask_redis(deps: Deps) -> None:
    pong = deps.redis.ping()
    assert not isinstance(pong, bool)
    await pong


async def _constant(value: dict[str, str]) -> Answer:
    return Answer(200, orjson.dumps(value))


async def _text(body: bytes, content_type: str) -> Answer:
    return Answer(200, body, content_type=content_type)


def _asset(body: bytes, content_type: str, headers: dict[str, str]) -> Callable[[Deps], Awaitable[Answer]]:
    async def answer(_: Deps) -> Answer:
        return Answer(200, body, headers, content_type)

    return answer


def _serve(app: App, path: str, answer: Callable[[Deps], Awaitable[Answer]]) -> None:
    async def handler(request: Request) -> HTTPResponse:
        request_id = request_id_of(request.headers.get("x-request-id"))
        return respond(await answer(request.app.ctx.deps), request_id, {})

    app.add_route(handler, path, methods=["GET"], name="get" + path.replace("/", "-").replace(".", "-"))
