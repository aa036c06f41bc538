"""An API on a real port, and a client that holds every answer against the API's own OpenAPI document."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import aiohttp
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import SecretStr

from api.kit.endpoint import App
from api.kit.serving import running
from api.kit.tokens import mint_access_token
from loyalty.settings import Settings

SIGNING_KEY = SecretStr(secrets.token_urlsafe(32))


def settings_for(database_url: str, redis_url: str, **changed: Any) -> Settings:
    """Settings of an API under test: any purchase is taken, and limits are out of the way unless `changed`."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "signing_key": SIGNING_KEY,
        "transaction_trust": "open",
        "rate_limit_per_minute": 100_000,
        "login_limit_per_minute": 100_000,
        "topic_prefix": f"test-{secrets.token_hex(5)}.",
    }
    return Settings(**(values | changed))


def free_port() -> int:
    with socket.socket() as claimed:
        claimed.bind(("127.0.0.1", 0))
        port: int = claimed.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def serving(app: App, send_buffer_bytes: int | None = None) -> AsyncIterator[str]:
    """Serves on a port of its own while the context lasts. The URL of it."""
    app.config.TOUCHUP = False  # it rewrites Sanic's classes for the first app of a process, and only for that
    with socket.socket() as listening:
        if send_buffer_bytes:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        async with running(app, listening):
            yield f"http://127.0.0.1:{port}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `body` is the JSON value, or the text when it is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The code of a problem."""
        code: str = self.body["code"]
        return code

    @property
    def pointers(self) -> list[str]:
        """What a problem says is wrong with the request."""
        return [error["pointer"] for error in self.body["errors"]]


@dataclass(slots=True)
class Contract:
    """The OpenAPI document that answers must keep."""

    document: dict[str, Any]
    _paths: list[tuple[re.Pattern[str], dict[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), item) for path, item in self.document["paths"].items()
        ]

    def check(self, method: str, path: str, reply: Reply) -> None:
        """Raises AssertionError when the document does not allow this answer to this request."""
        operation = next(
            (item[method.lower()] for like, item in self._paths if like.fullmatch(path) and method.lower() in item),
            None,
        )
        if operation is None:
            return
        allowed = self._resolved(operation["responses"].get(str(reply.status)))
        assert allowed, f"{method} {path} answered {reply.status}, which is not in its document: {reply.body}"
        content = allowed.get("content", {})
        media_type = reply.headers.get("content-type", "").partition(";")[0]
        if not content:
            assert reply.body in ("", None), reply.body
            return
        assert media_type in content, f"{method} {path} answered {media_type}, documented: {list(content)}"
        if media_type.endswith("json"):
            schema = {**content[media_type]["schema"], "components": self.document["components"]}
            Draft202012Validator(schema).validate(reply.body)

    def _resolved(self, response: Any) -> Any:
        if response and "$ref" in response:
            return self.document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        return response


@dataclass(slots=True)
class Client:
    """Asks an API. Answers of routes that are in `contract` are held against it."""

    session: aiohttp.ClientSession
    url: str
    prefix: str = ""
    token: str | None = None
    contract: Contract | None = None

    def signed_in(self, token: str) -> Client:
        return Client(self.session, self.url, self.prefix, token, self.contract)

    def outside(self) -> Client:
        """Of the same server, but not under the API's prefix: health, metrics, documentation."""
        return Client(self.session, self.url)

    def as_member(self, member_id: UUID) -> Client:
        """With an access token of the member's."""
        return self.signed_in(mint_access_token(SIGNING_KEY, member_id, "customer", seconds=600))

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.send("GET", path, headers=headers)

    async def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> Reply:
        """`key` is the Idempotency-Key; "" sends none, None a new one."""
        sent = {"Content-Type": "application/json", **headers}
        if key != "":
            sent["Idempotency-Key"] = key or str(uuid4())
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.send("POST", path, headers=sent, data=data)

    async def send(self, method: str, path: str, *, headers: Mapping[str, str], data: bytes | None = None) -> Reply:
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        full = self.prefix + path
        async with self.session.request(
            method, self.url + full, headers={**authorization, **headers}, data=data
        ) as answer:
            raw = await answer.read()
            is_json = answer.content_type.endswith("json")
            reply = Reply(answer.status, answer.headers, json.loads(raw) if is_json and raw else raw.decode())
        if self.contract:
            self.contract.check(method, full.partition("?")[0], reply)
        return reply


@contextlib.asynccontextmanager
async def client_of(url: str, prefix: str = "", *, timeout_seconds: float = 30) -> AsyncIterator[Client]:
    """A client of the API at `url`, which is asked for its document first."""
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        async with session.get(url + "/openapi.json") as answer:
            contract = Contract(await answer.json())
        yield Client(session, url, prefix, contract=contract)
