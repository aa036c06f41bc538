"""The Customer API's document: committed, whole, and about exactly the routes that are served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_pydantic import OpenAPI

from api.customer.app import API, create_app
from api.kit.openapi import document, problems_of
from api.kit.problems import status_of
from loyalty.settings import Settings
from tests.support.apis import settings_for

COMMITTED = Path(__file__).parents[2] / "schemas" / "json" / "openapi-customer.json"


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return document(API)


@pytest.fixture
def settings() -> Settings:
    return settings_for("postgresql://nobody@127.0.0.1:1/nothing", "redis://127.0.0.1:1/0")


def test_the_committed_document_is_the_one_served(openapi: dict[str, Any]) -> None:
    assert json.loads(COMMITTED.read_text()) == openapi, "run `laurel schemas` and commit what it writes"


def test_it_is_openapi_3_1(openapi: dict[str, Any]) -> None:
    assert OpenAPI.model_validate(openapi).openapi.startswith("3.1")


def test_every_reference_leads_somewhere_and_every_schema_is_one(openapi: dict[str, Any]) -> None:
    for reference in _references(openapi):
        root, components, kind, name = reference.split("/")
        assert (root, components) == ("#", "components")
        assert name in openapi["components"][kind], reference
    for schema in openapi["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_it_documents_what_is_routed_and_nothing_else(openapi: dict[str, Any], settings: Settings) -> None:
    documented = {(method.upper(), path) for path, item in openapi["paths"].items() for method in item}
    app = create_app(settings)
    routed = {
        (method, "/" + route.path.replace("<", "{").replace(":str>", "}"))
        for route in app.router.routes
        for method in route.methods
        if route.path.startswith(API.prefix.strip("/"))
    }
    assert documented == routed


def test_the_routes_are_those_of_the_contract() -> None:
    assert {(route.method, route.path) for route in API.routes} == {
        ("POST", "/register"),
        ("POST", "/login"),
        ("POST", "/refresh"),
        ("POST", "/logout"),
        ("GET", "/profile"),
        ("PATCH", "/profile"),
        ("DELETE", "/profile"),
        ("GET", "/export"),
        ("GET", "/points"),
        ("GET", "/points/balance"),
        ("GET", "/transactions"),
        ("GET", "/transactions/{transaction_id}"),
        ("GET", "/transactions/{transaction_id}/receipt"),
        ("GET", "/rewards"),
        ("GET", "/redemptions"),
        ("GET", "/redemptions/{redemption_id}"),
        ("GET", "/referrals"),
        ("POST", "/transaction"),
        ("POST", "/redeem"),
        ("POST", "/transfers"),
        ("GET", "/events"),
    }


def test_operations_have_names_of_their_own_and_say_what_they_do(openapi: dict[str, Any]) -> None:
    operations = [operation for item in openapi["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] and operation["tags"] for operation in operations)


def test_every_refusal_is_documented_with_its_code(openapi: dict[str, Any]) -> None:
    for route in API.routes:
        responses = openapi["paths"][API.prefix + route.path][route.method.lower()]["responses"]
        for problem in problems_of(route):
            response = resolved(openapi, responses[str(status_of(problem).value)])
            assert problem.code in codes_of(openapi, response["content"]["application/problem+json"]["schema"])


def resolved(openapi: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = openapi["components"]
    if "$ref" not in value:
        return value
    for step in value["$ref"].split("/")[2:]:
        found = found[step]
    return found


def codes_of(openapi: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The codes of the problems that a schema allows."""
    return {resolved(openapi, each)["properties"]["code"]["const"] for each in schema.get("oneOf", [schema])}


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for member in value.values() for found in _references(member)]
    if isinstance(value, list):
        return [found for member in value for found in _references(member)]
    return []
