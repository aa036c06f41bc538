"""Lists as text/csv (RFC 4180), for spreadsheets and bulk loads.

The list is read page by page in one snapshot and sent as it is read, so that it is of one moment and memory stays
bounded. Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, cast, get_args

from pydantic import BaseModel

from api.kit.routes import Call, Download
from loyalty.store.database import Connection

ROWS_AT_ONCE = 500
CONTENT_TYPE = "text/csv; charset=utf-8"
FORMULA = re.compile(r"[=+\-@\t\r\n]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)

Path = tuple[str, ...]
ReadPage = Callable[[Connection, Any, int], Awaitable[Sequence[BaseModel]]]
"""Reads at most so many rows after a position (None: from the first)."""


def wants_csv(call: Call[Any, Any]) -> bool:
    """What the query says, else whether the client accepts nothing before text/csv."""
    if call.query.format is not None:
        return bool(call.query.format == "csv")
    accepted = call.headers.get("accept") or ""
    return accepted.partition(",")[0].partition(";")[0].strip().lower() == "text/csv"


def download(
    call: Call[Any, Any], name: str, start: object, read_page: ReadPage, position_of: Callable[[Any], object]
) -> Download:
    """The list as a file of this name, from the position `start` on."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return Download(_chunks(call, start, read_page, position_of), CONTENT_TYPE, headers)


async def _chunks(
    call: Call[Any, Any], start: object, read_page: ReadPage, position_of: Callable[[Any], object]
) -> AsyncGenerator[bytes, None]:
    columns = list(_columns(_row_model(call)))
    yield encoded([[name for name, _ in columns]])
    position, rows = start, None
    async with call.snapshot() as conn:
        while rows is None or len(rows) == ROWS_AT_ONCE:
            rows = await read_page(conn, position, ROWS_AT_ONCE)
            if rows:
                position = position_of(rows[-1])
                yield encoded(_cells(row.model_dump(mode="json"), columns) for row in rows)


def encoded(lines: Any) -> bytes:
    """Lines of cells as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def cell(value: Any) -> str:
    """A value as a spreadsheet may see it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            text = str(value)
            return "'" + text if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def _row_model(call: Call[Any, Any]) -> type[BaseModel]:
    page = call.route.answers[200]
    assert page is not None, "a list answers with a page"
    return cast("type[BaseModel]", get_args(page.model_fields["data"].annotation)[0])


def _columns(
    model: type[BaseModel], prefix: str = "", path: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names of columns and where their values are; the fields of an object become columns of their own."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _columns(inner, f"{prefix}{name}_", (*path, name))
        else:
            yield prefix + name, (*path, name)


def _cells(row: Mapping[str, Any], columns: Sequence[tuple[str, Path]]) -> list[str]:
    return [cell(_at(row, path)) for _, path in columns]


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = row.get(name)
        if row is None:
            return None
    return row
