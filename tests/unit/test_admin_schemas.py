"""The committed contracts are what the code says, and an event changes only in ways that break nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from typer.testing import CliRunner

from api.admin.app import API as ADMIN
from api.customer.app import API as CUSTOMER
from cli.main import app
from cli.schemas import ASYNCAPI, ROOT, SCHEMAS, documents, event_schema
from schemas.compatibility import incompatibilities
from schemas.events import EVENTS
from schemas.patterns import in_words

Change = Callable[[dict[str, Any]], None]

RECORDED = event_schema("transaction.recorded")


def test_the_committed_documents_are_what_the_code_says() -> None:
    stale = [path.name for path, text in documents(ROOT) if not path.exists() or path.read_text() != text]
    assert stale == [], "run `laurel schemas` and commit what it writes"


def test_no_document_is_left_behind() -> None:
    written = {path for path, _ in documents(ROOT)}
    assert set((ROOT / SCHEMAS).glob("*.json")) == written - {ROOT / ASYNCAPI}


@pytest.mark.parametrize("topic", EVENTS)
def test_an_events_schema_is_one(topic: str) -> None:
    Draft202012Validator.check_schema(event_schema(topic))


def test_the_topics_document_leads_to_every_schema() -> None:
    asyncapi = json.loads((ROOT / ASYNCAPI).read_text())
    assert asyncapi["channels"].keys() == EVENTS.keys()
    for topic, message in asyncapi["components"]["messages"].items():
        schema = (ROOT / ASYNCAPI).parent / message["payload"]["$ref"]
        assert json.loads(schema.read_text())["title"] == topic
        assert message["summary"]
    assert {operation["channel"]["$ref"] for operation in asyncapi["operations"].values()} == {
        f"#/channels/{topic}" for topic in EVENTS
    }


def changed(change: Change) -> dict[str, Any]:
    schema = deepcopy(RECORDED)
    change(schema)
    return schema


COMPATIBLE: dict[str, Change] = {
    "nothing": lambda schema: None,
    "another text": lambda schema: schema.update(description="A purchase, stored."),
    "a new optional property": lambda schema: schema["properties"].update(till={"type": "string"}),
    "a new optional property of an item": lambda schema: schema["$defs"]["TransactionItem"]["properties"].update(
        brand={"type": "string"}
    ),
}
BREAKING: dict[str, tuple[Change, str]] = {
    "a property is gone": (lambda schema: schema["properties"].pop("external_id"), "/external_id is gone"),
    "a property is another type": (
        lambda schema: schema["properties"].update(amount={"type": "number"}),
        "/amount was",
    ),
    "a property is no longer required": (
        lambda schema: schema["required"].remove("amount"),
        "/amount is no longer always there",
    ),
    "a new property is required": (
        lambda schema: schema["required"].append("till"),
        "/till is required now",
    ),
    "an item's property is gone": (
        lambda schema: schema["$defs"]["TransactionItem"]["properties"].pop("sku"),
        "/items/*/sku is gone",
    ),
    "a version is another": (
        lambda schema: schema["properties"]["schema_version"].update(const=2),
        "/schema_version was",
    ),
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_what_breaks_nobody_is_let_through(name: str) -> None:
    assert incompatibilities(RECORDED, changed(COMPATIBLE[name])) == []


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_a_reader_or_a_stored_event_is_named(name: str) -> None:
    change, said = BREAKING[name]
    [found] = incompatibilities(RECORDED, changed(change))
    assert found.startswith(said)


def test_a_value_that_readers_do_not_know_is_refused() -> None:
    schema = deepcopy(event_schema("redemption.completed"))
    schema["properties"]["outcome"]["enum"].append("postponed")
    assert incompatibilities(event_schema("redemption.completed"), schema)


def test_the_command_refuses_to_write_a_breaking_change(tmp_path: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["schemas", "--root", str(tmp_path)]).exit_code == 0
    path = tmp_path / SCHEMAS / "points.earned.json"
    committed = json.loads(path.read_text())
    committed["properties"]["bonus"] = {"type": "integer"}
    path.write_text(json.dumps(committed))
    refused = run.invoke(app, ["schemas", "--root", str(tmp_path)])
    assert refused.exit_code == 1
    assert "points.earned: /bonus is gone" in refused.output
    assert json.loads(path.read_text()) == committed


def test_the_command_checks_without_writing(tmp_path: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["schemas", "--root", str(tmp_path), "--check"]).exit_code == 1
    assert list(tmp_path.iterdir()) == []
    assert run.invoke(app, ["schemas", "--check"]).exit_code == 0


def test_every_pattern_that_a_request_must_match_is_told_in_words() -> None:
    patterns: set[str] = set()
    routes = (*CUSTOMER.routes, *ADMIN.routes)
    waiting: list[Any] = [model.__pydantic_core_schema__ for route in routes for model in (route.body, route.query)]
    while waiting:
        match waiting.pop():
            case {"type": "str", "pattern": str(pattern)}:
                patterns.add(pattern)
            case dict(inner):
                waiting.extend(inner.values())
            case list(inner) | tuple(inner):
                waiting.extend(inner)
            case _:
                pass
    assert len(patterns) >= 10
    assert [pattern for pattern in patterns if in_words(pattern) is None] == []
