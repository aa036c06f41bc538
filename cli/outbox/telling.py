"""How the commands of the outbox speak: results on standard output, what went wrong in a line on standard error."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import typer

from loyalty.errors import LaurelError
from loyalty.store.database import DATABASE_FAILED
from outbox import OutboxError
from outbox.database import connected

T = TypeVar("T")

FAILURES: tuple[type[BaseException], ...] = (OutboxError, LaurelError, *DATABASE_FAILED)


def run(command: str, work: Coroutine[Any, Any, T]) -> T:
    """Run an operator's command. What may go wrong is said in a line, with exit status 1."""
    try:
        return asyncio.run(work)
    except FAILURES as error:
        raise failed(command, error) from error


def failed(command: str, error: BaseException) -> typer.Exit:
    """What to raise after a command failed."""
    typer.echo(f"laurel {command}: {error or type(error).__name__}", err=True)
    return typer.Exit(1)


async def with_connection(database_url: str, read: Callable[[Any], Awaitable[T]]) -> T:
    """What `read` finds with a connection of its own."""
    async with connected(database_url) as connection:
        return await read(connection)


def tell(found: Any, text: Callable[[], str], as_json: bool) -> None:
    """Print what was found, for a program or for a person."""
    typer.echo(to_json(found) if as_json else text())


def to_json(found: Any) -> str:
    """One line of JSON of a dataclass, or of lists and objects of some."""
    return json.dumps(found, default=_plain)


def time_text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def bytes_text(count: float) -> str:
    """A size for a person: 3.2 GiB."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def age_text(seconds: float) -> str:
    """A span of time for a person: 3.2 hours."""
    for unit, length in (("s", 60.0), ("min", 60.0), ("hours", 24.0)):
        if seconds < length:
            return f"{seconds:.1f} {unit}"
        seconds /= length
    return f"{seconds:.1f} days"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, UUID):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} is not told")
