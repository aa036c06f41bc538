"""What the Admin API's handlers share: who asks, for the audit log, and pages of lists."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from api.kit.routes import Answer, Call
from loyalty.services.auditing import Actor
from loyalty.store.database import Connection
from schemas.common import Page, PageQuery

Row = TypeVar("Row", bound=BaseModel)
Wanted = TypeVar("Wanted", bound=PageQuery)

ListRows = Callable[[Connection, Wanted, UUID | None, int], Awaitable[Sequence[Row]]]


def actor_of(call: Call[Any, Any]) -> Actor:
    """The caller and the request, as the audit log names them."""
    principal = call.principal
    return Actor(principal.kind, str(principal.id), call.request_id, call.address, call.traceparent)


async def answer_page(
    call: Call[Any, Wanted], list_rows: ListRows[Wanted, Row], scope: str, id_of: Callable[[Row], object]
) -> Answer:
    """A page of a list that is ordered by id, newest first. `scope` names the list in its cursors."""
    before = call.deps.cursors.read_id(scope, call.query.cursor)
    rows = await list_rows(call.conn, call.query, before, call.query.limit + 1)
    return cut_page(call, rows, scope, id_of)


def cut_page(call: Call[Any, Wanted], rows: Sequence[Row], scope: str, position_of: Callable[[Row], object]) -> Answer:
    """The page that `limit + 1` rows make."""
    data, next_cursor = call.deps.cursors.cut(scope, rows, call.query.limit, position_of)
    return Answer(200, Page[Any](data=list(data), next_cursor=next_cursor))
