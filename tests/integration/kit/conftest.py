"""A small API of the kit's own, to show what every API does with a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from api.kit.app import build_app
from api.kit.deps import Deps
from api.kit.routes import MEMBER, PUBLIC, Answer, Api, Call, Database, Principal, Route
from loyalty.settings import Settings
from schemas.common import Answered, DecimalString, PageQuery, Requested
from tests.support.apis import Client, client_of, serving, settings_for

SECRET = "hunter2"


class Parcel(Requested):
    """Something sent."""

    amount: DecimalString
    text: str = ""


class Seen(Answered):
    """What arrived."""

    text: str


async def authenticate(token: str, deps: Deps) -> Principal:
    return deps.tokens.check(token)


async def post_parcel(call: Call[Parcel, None]) -> Answer:
    return Answer(201, Seen(text=call.body.text))


async def get_trace(call: Call[None, None]) -> Answer:
    return Answer(200, Seen(text=call.traceparent))


async def get_page(call: Call[None, PageQuery]) -> Answer:
    return Answer(200, Seen(text=str(call.query.limit)))


async def get_bug(call: Call[None, None]) -> Answer:
    raise RuntimeError(SECRET)


async def get_mine(call: Call[None, None]) -> Answer:
    return Answer(200, Seen(text=str(call.principal.id)))


def get(path: str, handler: Callable[..., Any], **more: Any) -> Route:
    """A route that is read, by everybody if nothing else is said."""
    given: dict[str, Any] = {"access": PUBLIC, "answers": {200: Seen}, "summary": f"Read {path}"}
    return Route(method="GET", path=path, handler=handler, **{**given, **more})


API = Api(
    name="customer",
    title="Parcels",
    description="An API for tests.",
    prefix="/api/parcels",
    authenticate=authenticate,
    routes=(
        Route(
            method="POST",
            path="/parcels",
            handler=post_parcel,
            summary="Send",
            access=PUBLIC,
            body=Parcel,
            answers={201: Seen},
            database=Database.NONE,
        ),
        get("/trace", get_trace),
        get("/parcels", get_page, query=PageQuery, database=Database.NONE),
        get("/bug", get_bug, database=Database.NONE),
        get("/mine", get_mine, access=MEMBER, database=Database.NONE),
    ),
)


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return settings_for(database_url, redis_url, body_limit_bytes=100_000)


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with serving(build_app(API, settings)) as url, client_of(url, API.prefix) as opened:
        yield opened
