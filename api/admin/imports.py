"""/transactions/import: purchases from a file, recorded as it arrives, a result for every line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from api.admin.calls import actor_of
from api.admin.table import tagged
from api.admin.uploads import CSV, NDJSON, media_type_of, take_lines
from api.kit.bodies import read_json, validated
from api.kit.errors import BodyTooLarge, MalformedRequest, UnsupportedMediaType
from api.kit.lines import Record, csv_records, json_lines
from api.kit.routes import Access, Call, Database, Download, Role, Route
from loyalty.errors import Invalid, NotFound
from loyalty.services.importing import Line, import_batch
from loyalty.store import merchants
from schemas.admin.fields import EXTERNAL_ID_LIMIT
from schemas.admin.imports import ImportedLine, ImportLine, ImportQuery, ImportSummary

COLUMNS = ("member_id", "member_external_id", "external_id", "occurred_at", "amount", "currency", "items")


class _Rehearsed(Exception):
    """A dry run has seen what it wanted: nothing of it is kept."""


class Import:
    """One file on its way in."""

    def __init__(self, call: Call[None, ImportQuery], merchant_id: UUID) -> None:
        self._call = call
        self._merchant_id = merchant_id
        self._dry_run = call.query.dry_run

    async def take(self, records: Sequence[Record]) -> list[ImportedLine]:
        """Records a batch, or in a dry run says what would become of it."""
        call, results = self._call, list[ImportedLine]()
        batch = [_line(number, record) for number, record in records]
        try:
            async with call.transaction() as conn:
                results = await import_batch(
                    conn, self._merchant_id, batch, actor_of(call), call.deps.clock, call.deps.new_id
                )
                if self._dry_run:
                    raise _Rehearsed
        except _Rehearsed:
            return [
                result if result.status == "already_recorded" else result.model_copy(update={"transaction_id": None})
                for result in results
            ]
        call.deps.poke.poke()
        return results

    def summary(self, counts: Mapping[str, int], detail: str | None) -> ImportSummary:
        return ImportSummary(
            complete=detail is None,
            dry_run=self._dry_run,
            lines=sum(counts.values()),
            recorded=counts["recorded"],
            already_recorded=counts["already_recorded"],
            refused=counts["refused"],
            detail=detail,
        )


async def import_transactions(call: Call[None, ImportQuery]) -> Download:
    merchant_id = await _merchant_of(call)
    match media_type_of(call):
        case "text/csv":
            records = csv_records(call.chunks, COLUMNS, _values)
        case "application/x-ndjson":
            records = json_lines(call.chunks)
        case _:
            raise UnsupportedMediaType(f"Send the file as {CSV} or {NDJSON}.")
    file = Import(call, merchant_id)
    return Download(take_lines(call, records, file.take, file.summary), NDJSON)


async def _merchant_of(call: Call[None, ImportQuery]) -> UUID:
    given = call.query.merchant_id
    if call.principal.kind == "merchant":
        if given not in (None, call.principal.id):
            raise Invalid([("/merchant_id", "This key belongs to another merchant")])
        return call.principal.id
    if given is None:
        raise Invalid([("/merchant_id", "Say whose purchases these are")])
    async with call.lent() as conn:
        return (await merchants.get_merchant(conn, given)).merchant_id


def _values(cells: dict[str, str]) -> dict[str, object]:
    """A CSV's cells as the contract has them. `items` is a JSON list. Raises ValueError."""
    return {name: json.loads(cell) if name == "items" else cell for name, cell in cells.items()}


def _line(number: int, record: bytes | MalformedRequest) -> Line:
    if isinstance(record, MalformedRequest):
        return Line(number, record, None)
    external_id: str | None = None
    try:
        external_id = _external_id(read_json(record))
        return Line(number, validated(ImportLine, record), external_id)
    except (MalformedRequest, Invalid) as error:
        return Line(number, error, external_id)


def _external_id(values: Any) -> str | None:
    """What a line calls its receipt, right or wrong: whoever reads why it was refused looks for that."""
    named = values.get("external_id") if isinstance(values, dict) else None
    return named[:EXTERNAL_ID_LIMIT] if isinstance(named, str) else None


ROUTES = tagged(
    "Transactions",
    Route(
        method="POST",
        path="/transactions/import",
        handler=import_transactions,
        summary="Import purchases from a file",
        description="CSV with a header (columns: " + ", ".join(COLUMNS) + "; `items` as a JSON list) or JSON lines, of "
        "any length, recorded as it arrives. The answer is a result for every line and a summary at the end. A "
        "purchase is known by its external_id: after an interruption send the same file again.",
        access=Access(least_role=Role.OPERATOR, scope="transactions:write"),
        query=ImportQuery,
        takes_lines=(CSV, NDJSON),
        answers={200: ImportedLine},
        answer_type=NDJSON,
        problems=(NotFound, Invalid, BodyTooLarge, UnsupportedMediaType),
        database=Database.NONE,
    ),
)
