"""Times at the ends of what a date can be: each route that takes any answers them, or says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.admin.app import API
from api.kit.openapi import document
from tests.support.admin_api import PREFIX, admin_api
from tests.support.rows import BASE_RULE

EXTREME = {
    "date-time": (
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1969-12-31T23:59:59.999Z",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-14:00",
    ),
    "date": ("0001-01-01", "1970-01-01", "9999-12-31"),
}


def taking_times() -> Iterator[tuple[str, str, str]]:
    """The path, name and format of each time in a query."""
    for path, methods in document(API)["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["in"] == "query" and (named := format_of(parameter["schema"])):
                yield path.removeprefix(PREFIX), parameter["name"], named


def format_of(schema: dict[str, Any]) -> str | None:
    kinds = [schema, *schema.get("anyOf", ())]
    return next((kind["format"] for kind in kinds if kind.get("format") in EXTREME), None)


TAKING = list(taking_times())


def test_routes_take_times() -> None:
    assert {name for _, name, _ in TAKING} >= {"from_time", "to_time", "from", "to", "at"}


async def test_times_at_the_end_of_all_days_are_understood_or_refused(database_url: str, redis_url: str) -> None:
    async with admin_api(database_url, redis_url) as api:
        member = (await api.admin.post("/members", {"external_id": "card-1"})).body["member_id"]
        for path, name, named in TAKING:
            for value in EXTREME[named]:
                reply = await api.admin.get(path.format(member_id=member), **{name: value})
                assert reply.status in (200, 422), (path, name, value)


async def test_bodies_with_such_times_are_understood_or_refused(database_url: str, redis_url: str) -> None:
    reward = {"name": "Mug", "points_cost": 1}
    purchase = {"amount": "1.00", "currency": "GBP"}
    async with admin_api(database_url, redis_url) as api:
        rule = (await api.admin.post("/earning-rules", BASE_RULE)).body["rule_id"]
        for value in EXTREME["date-time"]:
            for path, body in (
                ("/rewards", {**reward, "starts_at": value}),
                ("/rewards", {**reward, "ends_at": value}),
                ("/earning-rules/replays", {"rules": [BASE_RULE], "from": value}),
                ("/earning-rules/replays", {"rules": [BASE_RULE], "to": value}),
                ("/earning-rules/simulate", {"transaction": {**purchase, "occurred_at": value}}),
                ("/earning-rules", {**BASE_RULE, "window": {"starts_at": value}}),
                ("/earning-rules", {**BASE_RULE, "window": {"ends_at": value}}),
                (f"/earning-rules/{rule}/activate", {"version": 1, "at": value}),
            ):
                reply = await api.admin.post(path, body)
                assert reply.status in (200, 201, 202, 409, 422), (path, value)
