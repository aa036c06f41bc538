"""The table that an API is: each route with who may call it, what it takes and what it answers."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel

from api.kit.sse import ReadChanges, no_changes
from loyalty.errors import LaurelError
from loyalty.store.database import Connection, connection, snapshot, transaction
from loyalty.store.idempotency import KeptAnswer

if TYPE_CHECKING:
    from api.kit.deps import Deps

Body = TypeVar("Body")
Query = TypeVar("Query")
Whole = TypeVar("Whole")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
PrincipalKind = Literal["member", "admin", "merchant"]


class Role(IntEnum):
    """What an administrator may do; each role may do what those below it may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: proven by the token. `expires_at` is in seconds since 1970, None when it does not expire."""

    kind: PrincipalKind
    id: UUID
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    expires_at: float | None = None

    @property
    def caller(self) -> str:
        """Names the caller in rate limits and idempotency keys."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route: members, administrators of at least a role, merchant keys with a scope."""

    members: bool = False
    least_role: Role | None = None
    scope: str | None = None

    @property
    def public(self) -> bool:
        return not (self.members or self.least_role or self.scope)

    def allows(self, principal: Principal) -> bool:
        match principal.kind:
            case "member":
                return self.members
            case "admin":
                return self.least_role is not None and (principal.role or 0) >= self.least_role
            case "merchant":
                return self.scope is not None and self.scope in principal.scopes


PUBLIC = Access()
MEMBER = Access(members=True)
VIEWER = Access(least_role=Role.VIEWER)
OPERATOR = Access(least_role=Role.OPERATOR)
ADMIN = Access(least_role=Role.ADMIN)


class Database(Enum):
    """What a route's handler gets in `call.conn`."""

    NONE = "no connection: the handler opens `call.transaction()` itself, or needs none"
    READ = "a connection without a transaction: for one statement, or statements that need not agree"
    WRITE = "a connection in a transaction, committed after the handler has returned"


class NoBody(BaseModel):
    """The route takes no body."""


class NoQuery(BaseModel):
    """The route takes no query."""


@dataclass(slots=True)
class Call(Generic[Body, Query]):
    """One request, understood and allowed: what a handler gets."""

    deps: Deps
    body: Body
    query: Query
    path: Mapping[str, UUID]
    request_id: str
    traceparent: str
    address: str
    headers: Mapping[str, str]
    route: Route
    incoming: AsyncIterator[bytes] | None = None
    authenticated: Principal | None = None
    connection: Connection | None = None

    @property
    def principal(self) -> Principal:
        """The caller of a route that is not public."""
        assert self.authenticated is not None, "a public route has no principal"
        return self.authenticated

    @property
    def conn(self) -> Connection:
        """The connection of a route with Database.READ or Database.WRITE."""
        assert self.connection is not None, "the route says Database.NONE"
        return self.connection

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        """The body of a route with `takes_lines`, as it arrives."""
        assert self.incoming is not None, "the route's body is read whole"
        return self.incoming

    def lent(self) -> AbstractAsyncContextManager[Connection]:
        """A connection without a transaction."""
        return connection(self.deps.pool, wait_seconds=self.deps.settings.database_wait_seconds)

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction of the handler's own: commits on the way out, rolls back when an error passes."""
        return transaction(self.deps.pool, wait_seconds=self.deps.settings.database_wait_seconds)

    def snapshot(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction that only reads, all of it at one moment: for what is read page by page."""
        return snapshot(self.deps.pool, wait_seconds=self.deps.settings.database_wait_seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler returns. A body of bytes is sent as it is, with `content_type`.

    `changed_members` are those whose open pages are told to look, once it is committed.
    """

    status: int = 200
    body: BaseModel | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    changed_members: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class EventStream:
    """What a handler of pushed events returns: each chunk is one event, ready to send."""

    chunks: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Download:
    """A long answer, sent as it is made. What the first chunk raises is answered as a problem; later, it is cut off.

    The route says Database.NONE: the chunks take a connection of their own, since the handler has returned.
    """

    chunks: AsyncGenerator[bytes, None]
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call[Any, Any]], Awaitable[Answer | EventStream | Download]]

Keep = Callable[[Answer], KeptAnswer]


@dataclass(frozen=True, slots=True)
class AtOnce(Generic[Whole]):
    """A way for the plain case of an idempotent route: everything in one statement, with what others ask for just then.

    `prepare` gives the answer and all that is to be stored, the kept answer too. `do` stores it for some requests, and
    says for which of them; for the others it has done nothing. For a request alone it may raise KeyTaken.
    """

    prepare: Callable[[Call[Any, Any], Keep], Awaitable[tuple[Answer, Whole]]]
    do: Callable[[Connection, Sequence[Whole]], Awaitable[Sequence[bool]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table. Parameters of the path are UUIDs, written `{member_id}`.

    `problems` are the refusals of its own; those that follow from the other fields are added by the kit.
    """

    method: Method
    path: str
    handler: Handler
    summary: str
    access: Access
    answers: Mapping[int, type[BaseModel] | None]
    description: str = ""
    tag: str = ""
    body: type[BaseModel] = NoBody
    body_optional: bool = False
    query: type[BaseModel] = NoQuery
    problems: tuple[type[LaurelError], ...] = ()
    database: Database = Database.READ
    idempotent: bool = False
    at_once: AtOnce[Any] | None = None
    events: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    also_csv: bool = False
    takes_lines: tuple[str, ...] = ()
    """Media types of a body that the handler reads itself, as it arrives, from `call.chunks`. With a `body` too the
    handler also takes JSON, and reads that itself too."""
    line: type[BaseModel] | None = None
    """What an answer to lines has in each line, when the route answers something else to JSON."""
    answer_type: str = "application/json"

    @property
    def streams(self) -> bool:
        """Whether the answer is a stream of server-sent events, those named in `events`."""
        return bool(self.events)

    @property
    def name(self) -> str:
        """Names the route in metrics, idempotency keys and the OpenAPI document: the handler's own name."""
        return self.handler.__name__


Authenticate = Callable[[str, "Deps"], Awaitable[Principal]]
"""Turns a bearer token into its principal, or raises Unauthenticated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A whole API. `name` is also the audience of its access tokens; `assets` is a folder served under /assets."""

    name: Literal["customer", "admin"]
    title: str
    description: str
    prefix: str
    routes: tuple[Route, ...]
    authenticate: Authenticate
    changes: ReadChanges = no_changes
    assets: Path | None = None
    version: str = "1.0.0"


class AllowedMethods:
    """The methods that each path of an API takes."""

    def __init__(self, api: Api) -> None:
        by_path: dict[str, set[str]] = {}
        for route in api.routes:
            by_path.setdefault(api.prefix + route.path, set()).add(route.method)
        self._patterns = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), by_path[path])
            for path in sorted(by_path, key=lambda path: path.count("{"))
        ]

    def at(self, path: str) -> str:
        """As the header Allow has them (RFC 9110, 10.2.1). What an API serves beside its routes is only read."""
        found = (methods for pattern, methods in self._patterns if pattern.fullmatch(path))
        return ", ".join(sorted(next(found, {"GET"})))
