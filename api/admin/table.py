"""Rows of the Admin API's table of routes, as short as they can be told."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel

from api.kit.routes import VIEWER, Access, Database, Handler, Method, NoQuery, Route
from loyalty.errors import LaurelError
from schemas.admin.lists import ListQuery

Model = type[BaseModel]
Problem = type[LaurelError]


def read(
    path: str,
    handler: Handler,
    summary: str,
    answer: Model,
    query: Model = NoQuery,
    *problems: Problem,
    database: Database = Database.READ,
) -> Route:
    """A GET for every administrator."""
    return Route(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        access=VIEWER,
        query=query,
        answers={200: answer},
        problems=problems,
        database=database,
        also_csv=issubclass(query, ListQuery),
    )


def change(
    method: Method,
    path: str,
    handler: Handler,
    summary: str,
    access: Access,
    body: Model,
    answers: Mapping[int, Model | None],
    *problems: Problem,
    database: Database = Database.WRITE,
    body_optional: bool = False,
    idempotent: bool = False,
) -> Route:
    """A request that changes something, in one transaction. NONE: the handler opens it, after what takes long."""
    return Route(
        method=method,
        path=path,
        handler=handler,
        summary=summary,
        access=access,
        body=body,
        body_optional=body_optional,
        answers=answers,
        problems=problems,
        database=database,
        idempotent=idempotent,
    )


def tagged(tag: str, *routes: Route) -> tuple[Route, ...]:
    """The routes under one heading of the documentation."""
    return tuple(replace(route, tag=tag) for route in routes)
