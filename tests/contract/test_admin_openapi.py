"""The Admin API's document: OpenAPI 3.1, whole, explained, and about exactly the routes that are served."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_pydantic import OpenAPI

from api.admin.app import API, create_app
from api.kit.openapi import document
from tests.support.apis import settings_for

REFERENCE = re.compile(r'"\$ref": "#/components/(\w+)/([^"]+)"')


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return document(API)


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path.removeprefix(API.prefix)}", operation


def test_it_is_openapi_3_1(openapi: dict[str, Any]) -> None:
    assert OpenAPI.model_validate(openapi).openapi.startswith("3.1")


def test_every_reference_leads_somewhere_and_every_schema_is_one(openapi: dict[str, Any]) -> None:
    components = openapi["components"]
    lost = [name for kind, name in REFERENCE.findall(json.dumps(openapi)) if name not in components[kind]]
    assert lost == []
    for schema in components["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_it_documents_what_is_routed_and_nothing_else(openapi: dict[str, Any]) -> None:
    app = create_app(settings_for("postgresql://nobody@127.0.0.1:1/nothing", "redis://127.0.0.1:1/0"))
    routed = {
        f"{method} /{route.path}".replace("<", "{").replace(":str>", "}").replace(API.prefix, "")
        for route in app.router.routes
        for method in route.methods
        if f"/{route.path}".startswith(API.prefix)
    }
    assert {name for name, _ in operations(openapi)} == routed


def test_everything_a_client_meets_is_explained(openapi: dict[str, Any]) -> None:
    unexplained = [name for name, operation in operations(openapi) if not (operation["summary"] and operation["tags"])]
    unexplained += [
        f"{name} ?{parameter['name']}"
        for name, operation in operations(openapi)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and not parameter["description"]
    ]
    unexplained += [name for name, schema in openapi["components"]["schemas"].items() if not schema.get("description")]
    assert unexplained == []


def test_what_moves_points_asks_for_an_idempotency_key(openapi: dict[str, Any]) -> None:
    asking = {
        name
        for name, operation in operations(openapi)
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    }
    assert asking == {
        "POST /events",
        "POST /members/{member_id}/adjustments",
        "POST /transactions",
        "POST /transactions/{transaction_id}/refunds",
        "POST /members/{member_id}/transfers",
        "POST /members/{member_id}/erasure",
        "POST /redemptions/{redemption_id}/cancel",
        "POST /redemptions/{redemption_id}/confirm",
        "POST /redemptions/{redemption_id}/release",
    }


def test_it_tells_the_least_role_of_what_administrators_may_do(openapi: dict[str, Any]) -> None:
    told = {name: operation.get("x-least-role") for name, operation in operations(openapi)}
    assert told == {
        f"{route.method} {route.path}": route.access.least_role.name.lower() if route.access.least_role else None
        for route in API.routes
    }
