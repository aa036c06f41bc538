"""Files on their way in: some lines in one transaction, a result for every line, a summary at the end.

Memory holds one batch, whatever the file's size. A batch is tried again while the database is away, so what takes it
must know lines that were committed by an attempt whose answer was lost.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from api.kit.bodies import read_json, validated
from api.kit.errors import BodyTooLarge, MalformedRequest, RequestTimedOut, Unavailable
from api.kit.lines import Record
from api.kit.routes import Call
from loyalty.errors import LaurelError
from loyalty.store.database import DATABASE_AWAY

LINES_AT_ONCE = 100
ATTEMPTS = 5
PAUSE_SECONDS = 0.2
UPLOADS_AT_ONCE = 4
DISCARDED_BYTES_LIMIT = 32_000_000
CSV, NDJSON = "text/csv", "application/x-ndjson"

ENDING: tuple[type[BaseException], ...] = (LaurelError, *DATABASE_AWAY)
"""What ends an upload early. The client is told in the summary, once some lines have their results."""

_running = asyncio.Semaphore(UPLOADS_AT_ONCE)


Model = TypeVar("Model", bound=BaseModel)


class LineResult(Protocol):
    """What became of a line."""

    @property
    def status(self) -> str:
        """Counted in the summary."""

    def model_dump_json(self, *, exclude_none: bool) -> str:
        """As it is told."""


Take = Callable[[Sequence[Record]], Awaitable[Sequence[LineResult]]]
"""Carries a batch out in one transaction. Raises what the database raises: then nothing of it was done."""

Summarise = Callable[[Mapping[str, int], str | None], BaseModel]
"""The last line: how many lines ended how, and why the upload ended early, else None."""


def media_type_of(call: Call[Any, Any]) -> str:
    """What the body is said to be, without parameters."""
    return (call.headers.get("content-type") or "").partition(";")[0].strip().lower()


async def whole_body(call: Call[Any, Any], model: type[Model]) -> Model:
    """The body of a route that takes lines, when it is JSON instead. Raises BodyTooLarge, MalformedRequest, Invalid."""
    raw, limit = bytearray(), call.deps.settings.body_limit_bytes
    async for chunk in call.chunks:
        raw += chunk
        if len(raw) > limit:
            await _read_on(call)
            raise BodyTooLarge
    if not raw:
        raise MalformedRequest("The body is empty.")
    read_json(bytes(raw))
    return validated(model, bytes(raw))


async def take_lines(
    call: Call[Any, Any],
    records: AsyncIterator[Record],
    take: Take,
    summarise: Summarise,
    lines_at_once: int = LINES_AT_ONCE,
) -> AsyncGenerator[bytes, None]:
    """The results as JSON lines, the summary last. Raises Unavailable while too many are running, and what `ENDING`
    names when it happens before the first result."""
    if _running.locked():
        raise Unavailable("Other files are being read. Try again when one has ended.", retry_after_seconds=10)
    async with _running:
        counts: Counter[str] = Counter()
        try:
            async for batch in _batches(records, lines_at_once):
                results = await _taken(take, batch)
                counts.update(result.status for result in results)
                yield b"".join(result.model_dump_json(exclude_none=True).encode() + b"\n" for result in results)
            yield _line(summarise(counts, None))
        except ENDING as error:
            if not counts:
                raise
            known = error if isinstance(error, LaurelError) else Unavailable("The database does not answer.")
            if not isinstance(error, RequestTimedOut):
                await _read_on(call)
            yield _line(summarise(counts, known.message))


async def _batches(records: AsyncIterator[Record], lines_at_once: int) -> AsyncIterator[list[Record]]:
    batch: list[Record] = []
    async for record in records:
        batch.append(record)
        if len(batch) == lines_at_once:
            yield batch
            batch = []
    if batch:
        yield batch


async def _taken(take: Take, batch: Sequence[Record]) -> Sequence[LineResult]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await take(batch)
        except DATABASE_AWAY:
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


async def _read_on(call: Call[Any, Any]) -> None:
    """What the client still sends is read for a while, so that it gets to read how the upload ended."""
    read_bytes = 0
    async for chunk in call.chunks:
        read_bytes += len(chunk)
        if read_bytes > DISCARDED_BYTES_LIMIT:
            return


def _line(summary: BaseModel) -> bytes:
    return summary.model_dump_json(exclude_none=True).encode() + b"\n"
