"""A body of lines, read as it arrives: memory holds a line, whatever the body's size.

CSV (RFC 4180) and JSON lines give the same: the number of the line at which a record begins, and the record as the text
of a JSON object, or what is wrong with it. A quoted cell of CSV may hold line breaks; the record is then whole when its
quotes are even.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Sequence

from api.kit.errors import MalformedRequest

LINE_BYTES_LIMIT = 1_000_000

Record = tuple[int, bytes | MalformedRequest]


async def json_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[Record]:
    """The lines that are not empty. Raises MalformedRequest for a line that does not end."""
    async for number, line in _lines(chunks):
        if line.strip():
            yield number, line


async def csv_records(
    chunks: AsyncIterator[bytes], columns: Sequence[str], values: Callable[[dict[str, str]], dict[str, object]]
) -> AsyncIterator[Record]:
    """The records under a header, each as an object of what `values` makes of its cells; empty cells are left out.

    Raises MalformedRequest for a header with other columns than these, besides what `json_lines` raises.
    """
    header: list[str] | None = None
    async for number, raw in _whole_records(chunks):
        try:
            cells = next(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True), [])
            if header is None:
                header = _checked_header(cells, columns)
            elif any(cells):
                yield number, json.dumps(values(_filled(header, cells))).encode()
        except (ValueError, csv.Error) as error:
            yield number, MalformedRequest(f"This line cannot be read: {error}.")
    if header is None:
        raise MalformedRequest("The body is empty: it has a header at least.")


def _filled(header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) > len(header):
        raise ValueError(f"it has {len(cells)} cells, the header {len(header)}")
    return {name: cell for name, cell in zip(header, cells, strict=False) if cell}


def _checked_header(cells: list[str], columns: Sequence[str]) -> list[str]:
    header = [cell.strip().removeprefix("\ufeff").lower() for cell in cells]
    unknown = [name for name in header if name not in columns]
    if unknown or len(set(header)) != len(header):
        raise MalformedRequest(f"The first line names the columns, each once, of: {', '.join(columns)}.")
    return header


async def _whole_records(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    begun, parts, quotes, size = 0, list[bytes](), 0, 0
    async for number, line in _lines(chunks):
        begun = begun if parts else number
        parts.append(line)
        quotes += line.count(b'"')
        size += len(line)
        if size > LINE_BYTES_LIMIT:
            break
        if quotes % 2 == 0:
            yield begun, b"\n".join(parts).removesuffix(b"\r")
            parts, quotes, size = [], 0, 0
    if parts:
        raise MalformedRequest(f"The record that begins in line {begun} does not end: a quote is missing.")


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    rest, number = b"", 0
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            yield number, line
        if len(rest) > LINE_BYTES_LIMIT:
            raise MalformedRequest(f"Line {number + 1} has more than {LINE_BYTES_LIMIT} bytes.")
    if rest:
        yield number + 1, rest
