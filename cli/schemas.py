"""`laurel schemas`: writes what others build on, from what the code says: of the events and of both APIs.

They are committed, so that a change of the contract is seen in review; a test fails when they are not what is written
here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from api.admin.app import API as ADMIN_API
from api.customer.app import API as CUSTOMER_API
from api.kit.openapi import document
from schemas.asyncapi import asyncapi_document
from schemas.compatibility import incompatibilities
from schemas.events import EVENTS

ROOT = Path(__file__).parents[1]
SCHEMAS = Path("schemas") / "json"
ASYNCAPI = Path("docs") / "asyncapi.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(
    root: Annotated[Path, typer.Option(help="The project's folder.", file_okay=False)] = ROOT,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when something would change.")] = False,
) -> None:
    """Write the JSON Schemas of the events, their AsyncAPI document, and the APIs' OpenAPI documents.

    Refuses a change of an event that would break its readers or the events that were published.
    """
    if broken := list(broken_events(root)):
        raise _refused(broken)
    changed = [path for path, text in documents(root) if not path.exists() or path.read_text() != text]
    if check and changed:
        raise _refused([f"{path} is not what the code says: run `laurel schemas`" for path in changed])
    if not check:
        write(root)
    typer.echo(f"{len(changed)} documents written" if changed else "every document is as the code says")


def broken_events(root: Path) -> Iterator[str]:
    """What the committed schemas of the events have and the code's have not, so that someone would be broken."""
    for topic in EVENTS:
        path = root / SCHEMAS / f"{topic}.json"
        if path.exists():
            committed = json.loads(path.read_text())
            yield from (f"{topic}: {broken}" for broken in incompatibilities(committed, event_schema(topic)))


def write(root: Path) -> None:
    """Writes every document into its place under the project's folder."""
    for path, text in documents(root):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def documents(root: Path) -> Iterator[tuple[Path, str]]:
    """Every document's file and text."""
    for topic in EVENTS:
        yield root / SCHEMAS / f"{topic}.json", _text(event_schema(topic))
    for api in (ADMIN_API, CUSTOMER_API):
        yield root / SCHEMAS / f"openapi-{api.name}.json", _text(document(api))
    yield root / ASYNCAPI, _text(asyncapi_document(f"../{SCHEMAS.as_posix()}"))


def event_schema(topic: str) -> dict[str, Any]:
    """The JSON Schema of a topic's values, as they are written."""
    schema = EVENTS[topic].model_json_schema(mode="serialization")
    return {"$schema": DIALECT, "title": topic} | {name: part for name, part in schema.items() if name != "title"}


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _refused(lines: list[str]) -> typer.Exit:
    typer.echo("\n".join(lines), err=True)
    return typer.Exit(1)
