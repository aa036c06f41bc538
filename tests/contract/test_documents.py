"""What both APIs' documents promise to those who generate clients from them."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import api
import loyalty
from api.admin.app import API as ADMIN_API
from api.customer.app import API as CUSTOMER_API
from api.kit.openapi import document, problems_of
from api.kit.problems import document as problem_document
from api.kit.problems import status_of
from api.kit.routes import Api
from loyalty.errors import LaurelError
from schemas.asyncapi import whole_asyncapi_document

PROBLEM = "application/problem+json"
TAKEN_BY_THE_ERROR_ITSELF = {"message", "errors", "headers"}
"""Arguments of errors that are no members of their problem."""
NOT_ANSWERED = {"TooManyDeadLetters", "UnknownCurrency", "InvalidAmount", "NotFound"}
"""Errors whose data is for logs, or is turned into `errors` before it is answered."""

both = pytest.mark.parametrize("made", [ADMIN_API, CUSTOMER_API], ids=lambda made: made.name)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(member)


def responses(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            for status, answer in operation["responses"].items():
                name = answer.get("$ref", "").rpartition("/")[2]
                yield f"{method} {path} {status}", openapi["components"]["responses"][name] if name else answer


@both
def test_every_example_is_what_its_schema_allows(made: Api) -> None:
    openapi = document(made)
    checked = 0
    for node in nodes(openapi):
        given = node.get("examples", []) if isinstance(node.get("examples", []), list) else []
        schema = {**node, "components": openapi["components"]}
        if "example" in node and "schema" in node:
            given, schema = [node["example"]], {**node["schema"], "components": openapi["components"]}
        for example in given:
            Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example)
            checked += 1
    assert checked > 30


@both
def test_every_answer_has_a_type(made: Api) -> None:
    untyped = []
    for name, answer in responses(document(made)):
        for media_type, content in answer.get("content", {}).items():
            schema = content["schema"]
            if not ("$ref" in schema or "oneOf" in schema or media_type not in ("application/json", PROBLEM)):
                untyped.append(name)
        if not answer.get("content") and not name.endswith(" 204"):
            untyped.append(name)
    assert untyped == []


@both
def test_a_problem_is_told_once_and_picked_by_its_code(made: Api) -> None:
    openapi = document(made)
    schemas = openapi["components"]["schemas"]
    for name, answer in responses(openapi):
        schema = answer.get("content", {}).get(PROBLEM, {}).get("schema")
        if schema is None:
            continue
        for each in schema.get("oneOf", [schema]):
            told = schemas[each["$ref"].rpartition("/")[2]]["properties"]
            assert name.endswith(str(told["status"]["const"]))
            if "oneOf" in schema:
                assert schema["discriminator"]["mapping"][told["code"]["const"]] == each["$ref"]


@both
def test_a_problem_keeps_its_schema_and_no_other(made: Api) -> None:
    openapi = document(made)
    for route in made.routes:
        answers = openapi["paths"][made.prefix + route.path][route.method.lower()]["responses"]
        for kind in problems_of(route):
            status = status_of(kind)
            answer = answers[str(status.value)]
            name = answer.get("$ref", "").rpartition("/")[2]
            schema = (openapi["components"]["responses"][name] if name else answer)["content"][PROBLEM]["schema"]
            told = _an_error_of(kind)
            validator = Draft202012Validator({**schema, "components": openapi["components"]})
            validator.validate(problem_document(told, status, "req_1"))
            assert not validator.is_valid(problem_document(LaurelError("?"), status, "req_1"))


def test_what_errors_tell_is_what_their_schemas_say() -> None:
    """Looked for in the code itself: each `SomeError(name=…)` names a member that `SomeError` has."""
    assert len(_all_errors()) > 40
    untold = [
        f"{where} {kind.__name__}({argument}=…)"
        for where, kind, arguments in _errors_made()
        for argument in arguments - TAKEN_BY_THE_ERROR_ITSELF - set(kind.members)
        if kind.__name__ not in NOT_ANSWERED
    ]
    assert not untold, "\n".join(["say it in the class, members = having(name=type):", *untold])


def test_no_member_is_one_that_every_problem_has() -> None:
    own = set(problem_document(LaurelError(), status_of(LaurelError), "req_1"))
    assert [kind.__name__ for kind in _all_errors() if own & set(kind.members)] == []


def _an_error_of(kind: type[LaurelError]) -> LaurelError:
    error = kind.__new__(kind)
    error.message, error.data = "Said.", {"retry_after_seconds": 1} if "retry_after_seconds" in kind.members else {}
    vars(error)["errors"] = [("/amount", "missing")]
    return error


def _all_errors() -> list[type[LaurelError]]:
    for package in (api, loyalty):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found = [LaurelError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found


def _errors_made() -> Iterator[tuple[str, type[LaurelError], set[str | None]]]:
    """Where the code makes an error, which, and the names of the arguments that it gives."""
    for module in [sys.modules[name] for name in sorted(sys.modules) if name.startswith(("api.", "loyalty."))]:
        assert module.__file__
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                holder = vars(module).get(str(getattr(getattr(node.func, "value", None), "id", "")), module)
                made = getattr(holder, node.func.id if isinstance(node.func, ast.Name) else node.func.attr, None)
                if isinstance(made, type) and issubclass(made, LaurelError):
                    yield f"{module.__name__}:{node.lineno}", made, {keyword.arg for keyword in node.keywords}


def test_the_asyncapi_document_that_is_served_is_whole() -> None:
    asyncapi = whole_asyncapi_document()
    references = {node["$ref"] for node in nodes(asyncapi) if isinstance(node.get("$ref"), str)}
    assert references
    for reference in references:
        found: Any = asyncapi
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    for topic, message in asyncapi["components"]["messages"].items():
        schema = {**message["payload"], "components": asyncapi["components"]}
        Draft202012Validator.check_schema(schema)
        assert not Draft202012Validator(schema).is_valid({}), topic
