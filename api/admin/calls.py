"""What the Admin API's handlers share: who asks, for the audit log, and pages of lists."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from api.admin.csv_lists import download, wants_csv
from api.kit.routes import Answer, Call, Download
from loyalty.services.auditing import Actor
from loyalty.store.database import Connection
from schemas.admin.lists import ListQuery
from schemas.common import Page

Row = TypeVar("Row", bound=BaseModel)
Wanted = TypeVar("Wanted", bound=ListQuery)

ListRows = Callable[[Connection, Wanted, UUID | None, int], Awaitable[Sequence[Row]]]


def actor_of(call: Call[Any, Any]) -> Actor:
    """The caller and the request, as the audit log names them."""
    principal = call.principal
    return Actor(principal.kind, str(principal.id), call.request_id, call.address, call.traceparent)


async def answer_page(
    call: Call[Any, Wanted], list_rows: ListRows[Wanted, Row], scope: str, id_of: Callable[[Row], object]
) -> Answer | Download:
    """A page of a list that is ordered by id, newest first, or all of it as CSV. `scope` names the list in its
    cursors, and up to a colon the file."""
    before = call.deps.cursors.read_id(scope, call.query.cursor)
    if wants_csv(call):

        async def read_page(conn: Connection, position: UUID | None, limit: int) -> Sequence[Row]:
            return await list_rows(conn, call.query, position, limit)

        return download(call, scope.partition(":")[0], before, read_page, id_of)
    rows = await list_rows(call.conn, call.query, before, call.query.limit + 1)
    return cut_page(call, rows, scope, id_of)


def cut_page(call: Call[Any, Wanted], rows: Sequence[Row], scope: str, position_of: Callable[[Row], object]) -> Answer:
    """The page that `limit + 1` rows make."""
    data, next_cursor = call.deps.cursors.cut(scope, rows, call.query.limit, position_of)
    return Answer(200, Page[Any](data=list(data), next_cursor=next_cursor))
