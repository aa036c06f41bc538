"""Makes the server of an API from its table of routes."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack
from typing import Any

from sanic import Request, Sanic
from sanic.exceptions import MethodNotAllowed, PayloadTooLarge, RequestTimeout, ServiceUnavailable
from sanic.handlers import ErrorHandler
from sanic.http import Http
from sanic.response import HTTPResponse

from api.kit.addresses import ClientAddresses
from api.kit.cors import CrossOrigin
from api.kit.deps import Deps, opened
from api.kit.endpoint import App, Endpoint, respond
from api.kit.metrics import STREAMS, Metrics
from api.kit.operations import add_operations
from api.kit.problems import answer_problem
from api.kit.routes import AllowedMethods, Api
from api.kit.tracing import request_id_of
from loyalty.settings import Settings

KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 10
HEADER_BYTES_LIMIT = 16_384
DISCARDED_BYTES_LIMIT = 32_000_000
HANG_UP_SECONDS = 2
HALF_READ = (PayloadTooLarge, RequestTimeout, ServiceUnavailable)

_made = itertools.count(1)


def build_app(api: Api, settings: Settings, deps: Deps | None = None) -> App:
    """The server of `api`. Without ready `deps` it opens its own when it starts and closes them when it stops."""
    allowed = AllowedMethods(api)
    cross_origin = CrossOrigin(settings.origins, allowed)
    app: App = Sanic(_name(api), configure_logging=False, error_handler=_Problems(allowed, cross_origin))
    app.config.update(
        REQUEST_MAX_SIZE=settings.body_limit_bytes,
        REQUEST_MAX_HEADER_SIZE=HEADER_BYTES_LIMIT,
        REQUEST_TIMEOUT=settings.request_timeout_seconds,
        RESPONSE_TIMEOUT=settings.response_timeout_seconds,
        KEEP_ALIVE_TIMEOUT=KEEP_ALIVE_SECONDS,
        GRACEFUL_SHUTDOWN_TIMEOUT=SHUTDOWN_SECONDS,
        STOP_DELAY_SECONDS=settings.stop_delay_seconds,
        CONNECTIONS_LIMIT=settings.api_connections_limit,
        ACCESS_LOG=False,
    )
    app.ctx.stopping = False
    metrics = Metrics(api.name, [(route.method, route.name) for route in api.routes])
    app.ctx.metrics = metrics
    addresses = ClientAddresses(settings.proxy_networks, settings.forwarded_header)
    for route in api.routes:
        uri = (api.prefix + route.path).replace("{", "<").replace("}", ":str>")
        app.add_route(
            Endpoint(api, route, metrics, addresses),
            uri,
            methods=[route.method],
            name=route.name,
            stream=bool(route.takes_lines),
        )
    add_operations(app, api, metrics)
    if settings.origins:
        app.register_middleware(cross_origin.mark, "response")
    _open_and_close(app, api, settings, deps, metrics)
    return app


class _Problems(ErrorHandler):
    """Answers what no endpoint answered: unknown paths and methods, requests that could not be read."""

    def __init__(self, allowed: AllowedMethods, cross_origin: CrossOrigin) -> None:
        super().__init__()
        self._allowed = allowed
        self._cross_origin = cross_origin

    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        request_id = request_id_of(request.headers.get("x-request-id") if request else None)
        if isinstance(exception, HALF_READ):
            _finish_reading(request)
        elif request and (answer := self._cross_origin.preflight(request)):
            return respond(answer, request_id, {})
        headers = {"Allow": self._allowed.at(request.path)} if isinstance(exception, MethodNotAllowed) else {}
        return respond(answer_problem(exception, request_id), request_id, headers)


def _finish_reading(request: Request) -> None:
    """Reads on for a moment what the client is still sending, so that it gets to read the refusal; then hangs up.

    Sanic itself hangs up at once on a body that is too large, and not at all on one that stops coming.
    """
    transport: Any = request.transport
    transport.get_protocol().request_max_size = DISCARDED_BYTES_LIMIT
    if isinstance(request.stream, Http):
        request.stream.request_max_size = DISCARDED_BYTES_LIMIT
    asyncio.get_running_loop().call_later(HANG_UP_SECONDS, transport.abort)


def _open_and_close(app: App, api: Api, settings: Settings, deps: Deps | None, metrics: Metrics) -> None:
    stack = AsyncExitStack()

    async def open_deps(app: App) -> None:
        app.ctx.deps = deps or await stack.enter_async_context(opened(settings, api))
        metrics.watch(STREAMS, lambda: app.ctx.deps.hub.connections)

    async def end_streams(app: App) -> None:
        app.ctx.deps.hub.close()

    async def close_deps(_: App) -> None:
        await stack.aclose()

    app.register_listener(open_deps, "before_server_start")
    app.register_listener(end_streams, "before_server_stop")
    app.register_listener(close_deps, "after_server_stop")


def _name(api: Api) -> str:
    number = next(_made)
    return f"laurel-{api.name}" if number == 1 else f"laurel-{api.name}-{number}"
