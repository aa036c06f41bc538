"""The OpenAPI 3.1 document of an API, from its table of routes and the pydantic models' own JSON Schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.kit import errors as kit
from api.kit.openapi_problems import Responses, problem_schemas
from api.kit.routes import Access, Api, NoBody, NoQuery, Route
from loyalty import errors as loyalty
from schemas.common import Problem

REF = "#/components/schemas/{model}"
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
Mode = Literal["validation", "serialization"]
Refs = dict[Any, dict[str, Any]]
"""By model and mode: the reference to the model's schema."""

HEADERS = {
    "X-Request-Id": {"description": "names this request", "schema": {"type": "string"}},
    "RateLimit": {"description": "what is left of the rate limit", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "the rate limit", "schema": {"type": "string"}},
}
ANSWER_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
IDEMPOTENCY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Makes a retry safe: the same key with the same body has one effect and the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "0b6c3f0e-6f0e-4d0b-9f0e-9a1c1d1e1f10",
}
LAST_EVENT_PARAMETER = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "Resumes after this event: browsers send it by themselves.",
    "schema": {"type": "string", "pattern": "^[0-9]{0,18}$"},
}


def document(api: Api) -> dict[str, Any]:
    """The whole document, the same for the same table."""
    schemas, refs = _schemas(api)
    refusals = Responses((problems_of(route) for route in api.routes), ANSWER_HEADERS)
    components = {
        "schemas": schemas | problem_schemas(problem for route in api.routes for problem in problems_of(route)),
        "responses": refusals.components,
        "headers": HEADERS,
        "securitySchemes": _security_schemes(api),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": api.version, "description": api.description},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in api.routes if route.tag)],
        "paths": _paths(api, refs, refusals),
        "components": components,
    }


def problems_of(route: Route) -> tuple[type[loyalty.LaurelError], ...]:
    """Every refusal a route may answer: its own and those that follow from its row in the table."""
    return tuple(dict.fromkeys([*_implied(route), *route.problems]))


def _implied(route: Route) -> Iterator[type[loyalty.LaurelError]]:
    yield from (kit.TooManyRequests, kit.Unavailable, kit.MalformedRequest, kit.RequestTimedOut)
    if not route.access.public:
        yield from (loyalty.Unauthenticated, loyalty.Forbidden)
    if PATH_PARAMETER.search(route.path):
        yield loyalty.NotFound
    if route.body is not NoBody:
        yield from (kit.BodyTooLarge, kit.UnsupportedMediaType, loyalty.Invalid)
    if route.query is not NoQuery:
        yield kit.InvalidQuery
    if route.idempotent:
        yield from (kit.IdempotencyKeyMissing, kit.IdempotencyKeyReused)


def _schemas(api: Api) -> tuple[dict[str, Any], Refs]:
    wanted: list[tuple[type[BaseModel], Mode]] = [(Problem, "serialization")]
    for route in api.routes:
        wanted += [(route.body, "validation")] if route.body is not NoBody else []
        answered = [*route.answers.values(), *route.events.values(), route.line]
        wanted += [(model, "serialization") for model in answered if model is not None]
    refs, found = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    return dict(sorted(found["$defs"].items())), dict(refs)


def _paths(api: Api, refs: Refs, refusals: Responses) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for route in api.routes:
        paths.setdefault(api.prefix + route.path, {})[route.method.lower()] = _operation(route, refs, refusals)
    return paths


def _operation(route: Route, refs: Refs, refusals: Responses) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": route.description,
        "tags": [route.tag] if route.tag else [],
        "security": [] if route.access.public else _security(route.access),
        "parameters": list(_parameters(route)),
        "responses": _answers(route, refs) | refusals.of(problems_of(route)),
    }
    if content := _body(route, refs):
        operation["requestBody"] = {"required": not route.body_optional, "content": content}
    if route.access.least_role is not None:
        operation["x-least-role"] = route.access.least_role.name.lower()
    return {name: value for name, value in operation.items() if value or name == "security"}


def _body(route: Route, refs: Refs) -> dict[str, Any]:
    json = {} if route.body is NoBody else {"application/json": {"schema": refs[route.body, "validation"]}}
    return json | {media_type: {"schema": {"type": "string", "minLength": 1}} for media_type in route.takes_lines}


def _parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in PATH_PARAMETER.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    if route.query is not NoQuery:
        schema = route.query.model_json_schema()
        for name, value in schema["properties"].items():
            required = name in schema.get("required", [])
            given = {"description": value.pop("description", "")}
            yield {"name": name, "in": "query", "required": required, **given, "schema": _without_null(value)}
    if route.idempotent:
        yield IDEMPOTENCY_PARAMETER
    if route.streams:
        yield LAST_EVENT_PARAMETER


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: what may be null is what may be left out."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "title")}
    if len(kinds) == 1:
        rest = {name: value for name, value in rest.items() if value is not None}
        return {**kinds[0], **rest}
    return {**rest, "anyOf": kinds} if kinds else rest


def _answers(route: Route, refs: Refs) -> dict[str, Any]:
    return {str(int(status)): _answer(route, model, refs) for status, model in route.answers.items()}


def _answer(route: Route, model: type[BaseModel] | None, refs: Refs) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": inspect.cleandoc(model.__doc__ or "") if model else "Done.",
        "headers": ANSWER_HEADERS,
    }
    if route.streams:
        answer["description"] = "Events, until the token expires."
        answer["content"] = {"text/event-stream": {"schema": _one_of_the_events(route, refs)}}
    elif model is not None:
        answer["content"] = {route.answer_type: {"schema": refs[model, "serialization"]}}
    if route.also_csv:
        answer["content"]["text/csv"] = {"schema": {"type": "string"}}
    if route.line is not None:
        answer["content"]["application/x-ndjson"] = {"schema": refs[route.line, "serialization"]}
    return answer


def _one_of_the_events(route: Route, refs: Refs) -> dict[str, Any]:
    """An event as the WHATWG HTML standard has it: its data is JSON, of the schema that goes with its name."""
    events = [
        {
            "type": "object",
            "description": inspect.cleandoc(model.__doc__ or ""),
            "properties": {
                "event": {"const": name},
                "id": {"type": "string", "pattern": "^[0-9]{1,18}$"},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": refs[model, "serialization"],
                },
            },
            "required": ["event", "id", "data"],
        }
        for name, model in route.events.items()
    ]
    return {"oneOf": events}


def _security(access: Access) -> list[dict[str, list[str]]]:
    tokens: list[dict[str, list[str]]] = [{"accessToken": []}] if access.members or access.least_role else []
    return tokens + ([{"merchantKey": []}] if access.scope else [])


def _security_schemes(api: Api) -> dict[str, Any]:
    schemes: dict[str, Any] = {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    if any(route.access.scope for route in api.routes):
        schemes["merchantKey"] = {"type": "http", "scheme": "bearer", "bearerFormat": "lk_<prefix>_<secret>"}
    return schemes
