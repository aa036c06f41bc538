"""The way of one request: who calls, how often, what it asks, the handler, the answer.

The order is fixed: access, rate limit, body, then the database. Nothing of a refused request reaches a handler.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, TypeAlias
from uuid import UUID

import structlog
from sanic import Request, Sanic
from sanic.config import Config
from sanic.http import Http
from sanic.response import HTTPResponse

from api.kit import idempotency
from api.kit.addresses import ClientAddresses, limited_as
from api.kit.bell import ring
from api.kit.bodies import read_json, validated, validated_query
from api.kit.deps import Deps
from api.kit.errors import InvalidQuery, MalformedRequest, RequestTimedOut, Unavailable, UnsupportedMediaType
from api.kit.idempotency import Attempt, body_bytes
from api.kit.metrics import Metrics
from api.kit.problems import answer_problem
from api.kit.routes import (
    Answer,
    Api,
    Call,
    Database,
    Download,
    EventStream,
    NoBody,
    NoQuery,
    Principal,
    PrincipalKind,
    Route,
)
from api.kit.tracing import continue_trace, request_id_of
from loyalty.errors import Forbidden, Invalid, NotFound, Unauthenticated

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ENCODED_SECURITY_HEADERS = tuple((name, (name.encode(), value.encode())) for name, value in SECURITY_HEADERS.items())
ENCODED_SECURITY = (
    ENCODED_SECURITY_HEADERS[0][1][0],
    b"\r\n".join(
        [ENCODED_SECURITY_HEADERS[0][1][1], *(b"%b: %b" % header for _, header in ENCODED_SECURITY_HEADERS[1:]), b""]
    ),
)
STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

log = structlog.get_logger("api")

LINES_BYTES_LIMIT = 2_000_000_000
UNREAD_BYTES_IN_MEMORY = 1_000_000
UNREAD_BYTES_AT_ONCE = 65_536

NOT_ALLOWED: Mapping[PrincipalKind, str] = {
    "member": "This is not for members.",
    "admin": "Your role does not allow this.",
    "merchant": "This key has no scope for this.",
}

BEARER = "bearer "
EMPTY_BODY = b"{}"

App: TypeAlias = "Sanic[Config, SimpleNamespace]"


class Endpoint:
    """Serves one route."""

    def __init__(self, api: Api, route: Route, metrics: Metrics, addresses: ClientAddresses) -> None:
        self._api = api
        self._route = route
        self._metrics = metrics
        self._addresses = addresses
        self._takes_body = route.body is not NoBody and not route.takes_lines
        self._takes_query = route.query is not NoQuery

    async def __call__(self, request: Request, **path: str) -> HTTPResponse | None:
        started = time.perf_counter()
        request_id = request_id_of(request.headers.get("x-request-id"))
        limits: dict[str, str] = {}
        try:
            _refuse_excess(request)
            answer = await self._answer(request, path, request_id, limits)
        except Exception as error:
            answer = answer_problem(error, request_id)
        if isinstance(answer, EventStream | Download):
            self._metrics.count(self._route.name, 200)
            await send_on(request, answer, request_id, limits)
            return None
        self._metrics.observe(self._route.name, answer.status, time.perf_counter() - started)
        return respond(answer, request_id, limits)

    async def _answer(
        self, request: Request, path: dict[str, str], request_id: str, limits: dict[str, str]
    ) -> Answer | EventStream | Download:
        deps: Deps = request.app.ctx.deps
        principal = await self._authenticate(request, deps)
        await self._spend(request, deps, principal, limits)
        call: Call[Any, Any] = Call(
            deps=deps,
            body=None,
            query=self._read_query(request),
            path=_ids(path),
            request_id=request_id,
            traceparent=continue_trace(request.headers.get("traceparent")),
            address=self._addresses.of(request),
            headers=request.headers,
            route=self._route,
            incoming=arriving(request) if self._route.takes_lines else None,
            authenticated=principal,
        )
        raw = self._raw_body(request)
        sent = read_json(raw) if self._takes_body else None
        if self._takes_body:
            call.body = validated(self._route.body, raw)
        answer = await self._handled(call, sent, request.path)
        if isinstance(answer, Download):
            return await started(answer)
        if isinstance(answer, Answer) and answer.changed_members:
            await ring(deps, answer.changed_members)
        return answer

    async def _authenticate(self, request: Request, deps: Deps) -> Principal | None:
        if self._route.access.public:
            return None
        header = request.headers.getone("authorization", "")
        if header[: len(BEARER)].lower() != BEARER:
            raise Unauthenticated
        principal = await self._api.authenticate(header[len(BEARER) :].strip(), deps)
        if not self._route.access.allows(principal):
            raise Forbidden(NOT_ALLOWED[principal.kind])
        return principal

    async def _spend(self, request: Request, deps: Deps, principal: Principal | None, limits: dict[str, str]) -> None:
        caller = principal.caller if principal else f"address:{limited_as(self._addresses.of(request))}"
        if spent := await deps.limiter.spend(deps.default_policy, f"{self._api.name}:{caller}"):
            limits.update(spent.headers)

    def _read_query(self, request: Request) -> Any:
        if not self._takes_query:
            return None
        return validated_query(self._route.query, request.get_args(keep_blank_values=True))

    def _raw_body(self, request: Request) -> bytes:
        if not self._takes_body or (self._route.body_optional and not request.body):
            return EMPTY_BODY
        media_type = request.headers.getone("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMediaType
        if not request.body:
            raise MalformedRequest("The body is empty.")
        return request.body

    async def _handled(self, call: Call[Any, Any], sent: Any, path: str) -> Answer | EventStream | Download:
        try:
            return await self._run(call, sent, path)
        except Invalid as error:
            if type(error) is Invalid and self._takes_query and not self._takes_body:
                raise InvalidQuery(error.errors) from error
            raise

    async def _run(self, call: Call[Any, Any], sent: Any, path: str) -> Answer | EventStream | Download:
        if self._route.idempotent:
            return await self._run_once(call, sent, path)
        if self._route.database is Database.NONE:
            return await self._route.handler(call)
        async with self._connected(call):
            answer = await self._route.handler(call)
        if self._route.database is Database.WRITE:
            call.deps.poke.poke()
        return answer

    async def _run_once(self, call: Call[Any, Any], sent: Any, path: str) -> Answer:
        key = idempotency.key_of(call.headers.get(idempotency.HEADER))
        request_hash = idempotency.hash_request(path, sent)
        attempt = Attempt(call.principal.caller, self._route.name, key, request_hash)

        async def effect(conn: Any) -> Answer:
            call.connection = conn
            answer = await self._route.handler(call)
            assert isinstance(answer, Answer), "an idempotent route does not stream"
            return answer

        async def at_once(attempt: Attempt) -> Answer | None:
            if self._route.at_once is None:
                return None
            answer, whole = await self._route.at_once.prepare(call, attempt.keep)
            done = await call.deps.together.ask(self._route.at_once.do, whole)
            return answer if done else None

        return await idempotency.once(call.deps, attempt, effect, at_once)

    @contextlib.asynccontextmanager
    async def _connected(self, call: Call[Any, Any]) -> AsyncIterator[None]:
        async with call.lent() if self._route.database is Database.READ else call.transaction() as conn:
            call.connection = conn
            yield


class SecuredResponse(HTTPResponse):
    """A response with the headers that are always the same, encoded once; those of its own win."""

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        """All headers, as they are sent.

        In one piece, the first with the others behind it: Sanic would encode and look through each by itself. Where any
        has a line break in it, Sanic does.
        """
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        if self.status != HTTPStatus.NO_CONTENT and "content-type" not in self.headers:
            lines.append(f"content-type: {self.content_type}")
        own = "\r\n".join(lines)
        if len(own.splitlines()) != len(lines) or any(name in self.headers for name in SECURITY_HEADERS):
            always = (header for name, header in ENCODED_SECURITY_HEADERS if name not in self.headers)
            return itertools.chain(always, super().processed_headers)
        name, value = ENCODED_SECURITY
        return iter(((name, value + own.encode(errors="surrogateescape")),))


def respond(answer: Answer, request_id: str, headers: dict[str, str]) -> HTTPResponse:
    """The answer as Sanic sends it."""
    sent = {**headers, **answer.headers, "X-Request-Id": request_id}
    return SecuredResponse(body_bytes(answer), answer.status, sent, answer.content_type)


def _refuse_excess(request: Request) -> None:
    """Raises Unavailable on a connection that is more than this process is to have. The answer ends it."""
    stream: Any = request.stream
    if stream.protocol.is_excess:
        stream.keep_alive = False
        raise Unavailable("This process has as many connections as it takes. Try again: others may have room.")


async def stream(request: Request, events: EventStream, request_id: str, headers: dict[str, str]) -> None:
    """Sends events until there are no more, or the client has gone."""
    sent = SECURITY_HEADERS | STREAM_HEADERS | headers | {"X-Request-Id": request_id}
    response = await request.respond(status=200, headers=sent, content_type="text/event-stream")
    async with contextlib.aclosing(events.chunks) as chunks:
        async for chunk in chunks:
            await response.send(chunk)
    await response.eof()


async def send_on(request: Request, answer: EventStream | Download, request_id: str, headers: dict[str, str]) -> None:
    """Sends what does not end with the handler."""
    match answer:
        case EventStream():
            await stream(request, answer, request_id, headers)
        case Download():
            await send_download(request, answer, request_id, headers)


async def started(download: Download) -> Download:
    """The same with its first chunk made: what that raises is raised here."""
    first = await anext(download.chunks)

    async def chunks() -> AsyncGenerator[bytes, None]:
        async with contextlib.aclosing(download.chunks) as rest:
            yield first
            async for chunk in rest:
                yield chunk

    return replace(download, chunks=chunks())


async def arriving(request: Request) -> AsyncGenerator[bytes, None]:
    """The body as it comes, each wait with a limit. Raises BodyTooLarge, RequestTimedOut."""
    stream, settings = request.stream, request.app.ctx.deps.settings
    assert isinstance(stream, Http)
    stream.request_max_size = LINES_BYTES_LIMIT
    try:
        while True:
            async with asyncio.timeout(settings.request_timeout_seconds):
                chunk = await stream.read()
            if chunk is None:
                return
            yield chunk
    except TimeoutError as error:
        raise RequestTimedOut from error


async def send_download(request: Request, download: Download, request_id: str, headers: dict[str, str]) -> None:
    """Sends the chunks. What fails on the way breaks the connection: half an answer must not look like a whole one.

    A client that is still sending its body may not read yet. What it leaves unread is put aside meanwhile, so that the
    two never wait for each other.
    """
    sent = SECURITY_HEADERS | headers | dict(download.headers) | {"X-Request-Id": request_id}
    async with contextlib.aclosing(download.chunks) as chunks:
        response = await request.respond(status=200, headers=sent, content_type=download.content_type)
        try:
            with tempfile.SpooledTemporaryFile(UNREAD_BYTES_IN_MEMORY) as unread:
                async for chunk in chunks:
                    if unread.tell() or _is_full(request):
                        unread.write(chunk)
                    else:
                        await response.send(chunk)
                unread.seek(0)
                while chunk := unread.read(UNREAD_BYTES_AT_ONCE):
                    await response.send(chunk)
        except Exception as error:
            log.error("download_broken_off", request_id=request_id, exc_info=error)
            transport: Any = request.transport
            transport.abort()
            return
    await response.eof()


def _is_full(request: Request) -> bool:
    """Whether what was sent waits for the client to read, while we wait for what the client sends."""
    stream: Any = request.stream
    return stream.request_body is not None and not stream.protocol._can_write.is_set()


def _ids(path: dict[str, str]) -> dict[str, UUID]:
    try:
        return {name: UUID(text) for name, text in path.items()}
    except ValueError as error:
        raise NotFound from error
