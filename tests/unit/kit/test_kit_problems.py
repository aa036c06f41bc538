"""Every refusal has a status and a code of its own, and no error tells more than it means to."""

from __future__ import annotations

import json

import asyncpg
import pytest
from sanic import exceptions as sanic_errors

import api.admin.app
import api.customer.app
import loyalty.errors as loyalty
from api.kit import errors as kit
from api.kit.problems import STATUSES, answer_problem, status_of
from schemas.common import Problem

SECRET = "postgresql://laurel:hunter2@db/laurel"


def _kinds(base: type[loyalty.LaurelError]) -> set[type[loyalty.LaurelError]]:
    return {base} | {kind for below in base.__subclasses__() for kind in _kinds(below)}


def _body(error: BaseException) -> dict[str, object]:
    answer = answer_problem(error, "req_1")
    assert isinstance(answer.body, bytes)
    assert answer.content_type == "application/problem+json"
    body: dict[str, object] = json.loads(answer.body)
    assert Problem.model_validate(body).status == answer.status == body["status"]
    return body


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(SECRET),
        KeyError(SECRET),
        AssertionError(SECRET),
        asyncpg.UndefinedTableError(SECRET),
        asyncpg.UniqueViolationError(SECRET),
        loyalty.LaurelError(SECRET),
        sanic_errors.ServerError(SECRET),
    ],
)
def test_a_bug_is_a_500_that_tells_nothing(error: Exception) -> None:
    body = _body(error)
    assert (body["status"], body["code"]) == (500, "internal_error")
    assert "hunter2" not in json.dumps(body)


@pytest.mark.parametrize(
    "error",
    [
        OSError(SECRET),
        TimeoutError(SECRET),
        asyncpg.InterfaceError(SECRET),
        asyncpg.ConnectionDoesNotExistError(SECRET),
        asyncpg.TooManyConnectionsError(SECRET),
        asyncpg.DeadlockDetectedError(SECRET),
        asyncpg.QueryCanceledError(SECRET),
        asyncpg.CannotConnectNowError(SECRET),
    ],
)
def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(error: Exception) -> None:
    body = _body(error)
    assert (body["status"], body["code"]) == (503, "unavailable")
    assert answer_problem(error, "r").headers["Retry-After"] == "1"
    assert "hunter2" not in json.dumps(body)


def test_numbers_are_members_of_the_problem_and_cannot_replace_its_own() -> None:
    body = _body(loyalty.Conflict("No.", points_missing=120, status=200, code="fine", type="x"))
    assert (body["points_missing"], body["status"], body["code"]) == (120, 409, "conflict")


def test_what_is_wrong_is_pointed_at() -> None:
    body = _body(loyalty.Invalid([("/amount", "Too much"), ("/items", "Too many")]))
    assert body["errors"] == [
        {"in": "body", "pointer": "/amount", "detail": "Too much"},
        {"in": "body", "pointer": "/items", "detail": "Too many"},
    ]
    assert body["detail"] == "/amount: Too much (and 1 more)"
    query = _body(kit.InvalidQuery([("/limit", "Too much")]))
    assert query["errors"] == [{"in": "query", "pointer": "/limit", "detail": "Too much"}]


def test_every_error_that_an_api_documents_has_a_status_and_says_something() -> None:
    apis = (api.customer.app.API, api.admin.app.API)
    documented = {problem for each in apis for route in each.routes for problem in route.problems}
    for kind in documented | set(STATUSES):
        assert 400 <= status_of(kind) < 600
        assert status_of(kind) != 500, f"{kind.__name__} has no status in api/kit/problems.py"
        assert kind.__doc__


def test_codes_are_stable_names_and_one_code_has_one_status() -> None:
    by_code: dict[str, set[int]] = {}
    for kind in _kinds(loyalty.LaurelError):
        by_code.setdefault(kind.code, set()).add(int(status_of(kind)))
        assert kind.code.replace("_", "").isalnum(), kind
        assert kind.code == kind.code.lower(), kind
    assert {code: found for code, found in by_code.items() if len(found) > 1} == {}
