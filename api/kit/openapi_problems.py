"""The problems of an API's document: a schema for each code, a response for each set of codes that routes share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from api.kit import errors as kit
from api.kit.problems import CONTENT_TYPE, document, status_of
from loyalty import errors as loyalty

Kind: TypeAlias = type[loyalty.LaurelError]
Kinds: TypeAlias = tuple[Kind, ...]
"""Those that a route may answer with one status."""

PROBLEM = "#/components/schemas/Problem"
EXAMPLE_REQUEST_ID = "req_8f14e45fceea167a5a36dedd"
HEADERS_OF_STATUS: Mapping[HTTPStatus, Mapping[str, dict[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"description": "how to sign in", "schema": {"type": "string"}}},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}},
}


def by_status(kinds: Iterable[Kind]) -> dict[str, Kinds]:
    """The kinds under the statuses that they are answered with, in the order of the statuses."""
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        found.setdefault(str(status_of(kind).value), []).append(kind)
    return {status: _ordered(found[status]) for status in sorted(found)}


def problem_schemas(kinds: Iterable[Kind]) -> dict[str, Any]:
    """A schema for each code: the problem, with the code and the members that come with it."""
    by_code: dict[str, list[Kind]] = {}
    for kind in kinds:
        by_code.setdefault(kind.code, []).append(kind)
    return {_schema_name(code): _schema(_ordered(by_code[code])) for code in sorted(by_code)}


class Responses:
    """The responses of all routes: those that several routes share are components, the others are told in place."""

    def __init__(self, routes: Iterable[Iterable[Kind]], headers: Mapping[str, Any]) -> None:
        counted = Counter(kinds for route in routes for kinds in by_status(route).values())
        self._headers = headers
        self._named = {kinds: _response_name(kinds) for kinds, count in counted.items() if count > 1}

    @property
    def components(self) -> dict[str, Any]:
        return {name: self._response(kinds) for kinds, name in sorted(self._named.items(), key=lambda item: item[1])}

    def of(self, kinds: Iterable[Kind]) -> dict[str, Any]:
        """By status, what a route that refuses with `kinds` answers."""
        return {
            status: {"$ref": f"#/components/responses/{self._named[found]}"}
            if found in self._named
            else self._response(found)
            for status, found in by_status(kinds).items()
        }

    def _response(self, kinds: Kinds) -> dict[str, Any]:
        more = HEADERS_OF_STATUS.get(status_of(kinds[0]), {})
        return {
            "description": " ".join(dict.fromkeys(first_line(kind) for kind in kinds)),
            "headers": {**self._headers, **{name: {"required": True, **header} for name, header in more.items()}},
            "content": {CONTENT_TYPE: {"schema": _one_of(sorted({kind.code for kind in kinds}))}},
        }


def first_line(kind: Kind) -> str:
    """What an error says of itself."""
    return (kind.__doc__ or "").strip().splitlines()[0]


def _one_of(codes: list[str]) -> dict[str, Any]:
    refs = {code: f"#/components/schemas/{_schema_name(code)}" for code in codes}
    if len(codes) == 1:
        return {"$ref": refs[codes[0]]}
    return {
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "code", "mapping": refs},
    }


def _schema(kinds: Kinds) -> dict[str, Any]:
    status, members = status_of(kinds[0]), _members(kinds)
    return {
        "description": " ".join(dict.fromkeys(first_line(kind) for kind in kinds)),
        "allOf": [{"$ref": PROBLEM}],
        "type": "object",
        "properties": {"code": {"const": kinds[0].code}, "status": {"const": status.value}, **members},
        "required": ["code", "status", *(["errors"] if issubclass(kinds[0], loyalty.Invalid) else [])],
        "examples": [_example(kinds[0], status)],
    }


def _members(kinds: Kinds) -> dict[str, Any]:
    """The members of its own that some refusal with this code has; none of them has to be there."""
    told = {name: kind_of for kind in kinds for name, kind_of in kind.members.items()}
    return {name: TypeAdapter(kind_of).json_schema() for name, kind_of in sorted(told.items())}


def _example(kind: Kind, status: HTTPStatus) -> dict[str, Any]:
    if issubclass(kind, loyalty.Invalid):
        return document(kind([("/amount", "Input should be a valid string")]), status, EXAMPLE_REQUEST_ID)
    if issubclass(kind, kit.TooManyRequests | kit.Unavailable):
        return document(kind(retry_after_seconds=1), status, EXAMPLE_REQUEST_ID)
    return document(loyalty.LaurelError(first_line(kind)), status, EXAMPLE_REQUEST_ID) | {
        "type": f"/docs#{kind.code}",
        "code": kind.code,
    }


def _ordered(kinds: Iterable[Kind]) -> Kinds:
    return tuple(sorted(dict.fromkeys(kinds), key=lambda kind: kind.__name__))


def _schema_name(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_")) + "Problem"


def _response_name(kinds: Kinds) -> str:
    return "Or".join(kind.__name__ for kind in kinds)
