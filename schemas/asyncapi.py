"""The AsyncAPI 3.0 document of the topics (https://www.asyncapi.com/docs/reference/specification/v3.0.0).

The values' schemas are the committed files themselves, referred to, not repeated.
"""

import inspect
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from schemas.events import EVENTS

KEYS = {"rule.activated": "the rule's id"}
"""Topics whose key is not the member's id."""

CLOUDEVENTS = {
    "ce_specversion": ("1.0", "version of CloudEvents"),
    "ce_id": ("01a2045f-8836-70ae-968c-4b54ab15b164", "the event's id: an id that comes again is the same event"),
    "ce_type": ("points.earned", "the topic"),
    "ce_source": ("/laurel", "who published it"),
    "ce_subject": ("01a2045f-8784-7553-946f-6b11ba97b7c4", "the key"),
    "ce_time": ("2026-03-01T12:00:00.000000Z", "when it happened"),
    "ce_sequence": ("184467", "the order of all events: it rises for each key"),
    "ce_replayid": (
        "5f0c7a34-5a53-4d6e-9a3e-0f7c7a1b2c3d",
        "only on a record that an operator had published again: the replay's id",
    ),
    "traceparent": ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "W3C trace context, if there is one"),
}
"""Record headers with an example and what they mean. CloudEvents 1.0, Kafka binding, binary mode."""
OPTIONAL = frozenset({"ce_replayid", "traceparent"})


def asyncapi_document(schema_folder: str) -> dict[str, Any]:
    """The whole document; `schema_folder` leads from it to the events' JSON Schemas."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Laurel events",
            "version": "1.0.0",
            "description": "Everything that happens, in Kafka. Events of one key are in the order they happened in. "
            "Changes are compatible: new fields may appear, so ignore what you do not know.",
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, model) for topic, model in EVENTS.items()},
        "operations": {f"publish.{topic}": _operation(topic) for topic in EVENTS},
        "components": {
            "messages": {topic: _message(topic, model, schema_folder) for topic, model in EVENTS.items()},
            "messageTraits": {"cloudevents": {"headers": _headers()}},
        },
    }


def whole_asyncapi_document() -> dict[str, Any]:
    """The same with the values' schemas in it, for whoever has it without the files."""
    document = asyncapi_document("")
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "serialization") for model in EVENTS.values()]
    refs, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
    for topic, message in document["components"]["messages"].items():
        message["payload"] = refs[EVENTS[topic], "serialization"]
    document["components"]["schemas"] = schemas["$defs"]
    return document


def _channel(topic: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "address": topic,
        "description": _told(model),
        "messages": {topic: {"$ref": f"#/components/messages/{topic}"}},
    }


def _operation(topic: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/{topic}"}],
    }


def _message(topic: str, model: type[BaseModel], schema_folder: str) -> dict[str, Any]:
    key = {"type": "string", "format": "uuid", "description": KEYS.get(topic, "the member's id")}
    return {
        "name": topic,
        "summary": _told(model),
        "traits": [{"$ref": "#/components/messageTraits/cloudevents"}],
        "payload": {"$ref": f"{schema_folder}/{topic}.json"},
        "bindings": {"kafka": {"key": key}},
    }


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in CLOUDEVENTS if name not in OPTIONAL],
        "properties": {
            name: {"type": "string", "description": meaning, "examples": [example]}
            for name, (example, meaning) in CLOUDEVENTS.items()
        },
    }


def _told(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__doc__ or "").partition(" Topic ")[0].strip()
