"""/transactions/import: purchases from a file, recorded as it arrives, a result for every line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

from api.admin.calls import actor_of
from api.admin.table import tagged
from api.kit.bodies import read_json, validated
from api.kit.errors import BodyTooLarge, MalformedRequest, RequestTimedOut, Unavailable, UnsupportedMediaType
from api.kit.lines import Record, csv_records, json_lines
from api.kit.routes import Access, Call, Database, Download, Role, Route
from loyalty.errors import Invalid, LaurelError, NotFound
from loyalty.services.importing import Line, import_batch
from loyalty.store import merchants
from loyalty.store.database import DATABASE_AWAY
from schemas.admin.imports import ImportedLine, ImportLine, ImportQuery, ImportSummary

LINES_AT_ONCE = 100
ATTEMPTS = 5
PAUSE_SECONDS = 0.2
IMPORTS_AT_ONCE = 4
DISCARDED_BYTES_LIMIT = 32_000_000
CSV, NDJSON = "text/csv", "application/x-ndjson"
COLUMNS = ("member_id", "member_external_id", "external_id", "occurred_at", "amount", "currency", "items")

ENDING: tuple[type[BaseException], ...] = (MalformedRequest, RequestTimedOut, *DATABASE_AWAY)
"""What ends an import early. The client is told in the summary, once some lines have their results."""

_running = asyncio.Semaphore(IMPORTS_AT_ONCE)


class _Rehearsed(Exception):
    """A dry run has seen what it wanted: nothing of it is kept."""


class Import:
    """One file on its way in."""

    def __init__(self, call: Call[None, ImportQuery], merchant_id: UUID) -> None:
        self._call = call
        self._merchant_id = merchant_id
        self._dry_run = call.query.dry_run
        self._counts = {"recorded": 0, "already_recorded": 0, "refused": 0}

    async def run(self, records: AsyncIterator[Record]) -> AsyncGenerator[bytes, None]:
        """The results as JSON lines, the summary last."""
        if _running.locked():
            raise Unavailable("Other imports are running. Try again when one has ended.", retry_after_seconds=10)
        async with _running:
            batch: list[Line] = []
            try:
                async for number, record in records:
                    batch.append(Line(number, _understood(record)))
                    if len(batch) == LINES_AT_ONCE:
                        yield await self._take(batch)
                        batch = []
                if batch:
                    yield await self._take(batch)
                yield self._summary(None)
            except ENDING as error:
                if not any(self._counts.values()):
                    raise
                known = error if isinstance(error, LaurelError) else Unavailable("The database does not answer.")
                await self._read_on(error)
                yield self._summary(known.message)

    async def _read_on(self, error: BaseException) -> None:
        """What the client still sends is read for a while, so that it gets to read how the import ended."""
        read_bytes = 0
        if not isinstance(error, RequestTimedOut):
            async for chunk in self._call.chunks:
                read_bytes += len(chunk)
                if read_bytes > DISCARDED_BYTES_LIMIT:
                    return

    async def _take(self, batch: list[Line]) -> bytes:
        results = await self._recorded(batch)
        for result in results:
            self._counts[result.status] += 1
        return b"".join(result.model_dump_json(exclude_none=True).encode() + b"\n" for result in results)

    async def _recorded(self, batch: list[Line]) -> list[ImportedLine]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._try(batch)
            except DATABASE_AWAY:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _try(self, batch: list[Line]) -> list[ImportedLine]:
        deps, results = self._call.deps, list[ImportedLine]()
        try:
            async with self._call.transaction() as conn:
                results = await import_batch(
                    conn, self._merchant_id, batch, actor_of(self._call), deps.clock, deps.new_id
                )
                if self._dry_run:
                    raise _Rehearsed
        except _Rehearsed:
            return [
                result if result.status == "already_recorded" else result.model_copy(update={"transaction_id": None})
                for result in results
            ]
        deps.poke.poke()
        return results

    def _summary(self, detail: str | None) -> bytes:
        summary = ImportSummary(
            complete=detail is None,
            dry_run=self._dry_run,
            lines=sum(self._counts.values()),
            detail=detail,
            **self._counts,
        )
        return summary.model_dump_json(exclude_none=True).encode() + b"\n"


async def import_transactions(call: Call[None, ImportQuery]) -> Download:
    merchant_id = await _merchant_of(call)
    media_type = (call.headers.get("content-type") or "").partition(";")[0].strip().lower()
    match media_type:
        case "text/csv":
            records = csv_records(call.chunks, COLUMNS, _values)
        case "application/x-ndjson":
            records = json_lines(call.chunks)
        case _:
            raise UnsupportedMediaType(f"Send the file as {CSV} or {NDJSON}.")
    return Download(Import(call, merchant_id).run(records), NDJSON)


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


def _understood(record: bytes | MalformedRequest) -> ImportLine | LaurelError:
    if isinstance(record, MalformedRequest):
        return record
    try:
        read_json(record)
        return validated(ImportLine, record)
    except (MalformedRequest, Invalid) as error:
        return error


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
