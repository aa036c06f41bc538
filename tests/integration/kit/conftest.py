"""A small API of the kit's own, to show what every API does with a request."""

from __future__ import annotations

from collections.abc import AsyncIterator

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
        Route(method="GET", path="/trace", handler=get_trace, summary="Trace", access=PUBLIC, answers={200: Seen}),
        Route(
            method="GET",
            path="/parcels",
            handler=get_page,
            summary="List",
            access=PUBLIC,
            query=PageQuery,
            answers={200: Seen},
            database=Database.NONE,
        ),
        Route(
            method="GET",
            path="/bug",
            handler=get_bug,
            summary="Fail",
            access=PUBLIC,
            answers={200: Seen},
            database=Database.NONE,
        ),
        Route(
            method="GET",
            path="/mine",
            handler=get_mine,
            summary="Mine",
            access=MEMBER,
            answers={200: Seen},
            database=Database.NONE,
        ),
    ),
)


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return settings_for(database_url, redis_url, body_limit_bytes=100_000, request_timeout_seconds=1.0)


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with serving(build_app(API, settings)) as url, client_of(url, API.prefix) as opened:
        yield opened
