"""Reads JSON strictly: what two readers could understand differently is refused.

Refused beyond what RFC 8259 forbids: NaN and Infinity, a name twice in one object, nesting deeper than
`DEPTH_LIMIT`, and U+0000 or lone surrogates in any text, which PostgreSQL cannot hold.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.kit.errors import InvalidQuery, MalformedRequest
from loyalty.errors import Invalid
from schemas.patterns import in_words

DEPTH_LIMIT = 32
ERRORS_LIMIT = 50

Model = TypeVar("Model", bound=BaseModel)


def read_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises MalformedRequest, or Invalid for text that cannot be stored."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise MalformedRequest("The body is not UTF-8.") from error
    except RecursionError as error:
        raise MalformedRequest(f"The body is nested deeper than {DEPTH_LIMIT} levels.") from error
    except ValueError as error:
        raise MalformedRequest(f"The body is not JSON: {error}.") from error
    if b"\\u" in raw or raw.count(b"[") + raw.count(b"{") > DEPTH_LIMIT:
        _check_deeply(value)
    return value


def validated(model: type[Model], raw: bytes) -> Model:
    """The body as `model`. The text must have passed `read_json`. Raises Invalid with a pointer for each error."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise Invalid(_pointed(error)) from error


def validated_query(model: type[Model], arguments: dict[str, list[str]]) -> Model:
    """The query as `model`. Raises InvalidQuery."""
    values = {name: texts[0] if len(texts) == 1 else texts for name, texts in arguments.items()}
    try:
        _check_deeply(values)
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidQuery(_pointed(error)) from error
    except Invalid as error:
        raise InvalidQuery(error.errors) from error


def pointer(path: Iterator[str | int] | tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901) for the steps of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _pointed(error: ValidationError) -> list[tuple[str, str]]:
    details = error.errors(include_url=False, include_input=False)[:ERRORS_LIMIT]
    return [(_printable(pointer(detail["loc"])), _told(detail)) for detail in details]


def _told(detail: ErrorDetails) -> str:
    """What is wrong, for people: a pattern by what it asks for."""
    words = in_words(detail["ctx"]["pattern"]) if detail["type"] == "string_pattern_mismatch" else None
    return detail["msg"].removeprefix("Value error, ") if words is None else f"Should be {words}"


def _check_deeply(value: Any) -> None:
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, found = waiting.pop()
        if len(path) >= DEPTH_LIMIT and isinstance(found, dict | list):
            raise MalformedRequest(f"The body is nested deeper than {DEPTH_LIMIT} levels.")
        match found:
            case str():
                _check_text(path, found)
            case dict():
                for name, member in found.items():
                    _check_text((*path, name), name)
                    waiting.append(((*path, name), member))
            case list():
                waiting.extend(((*path, index), member) for index, member in enumerate(found))


def _check_text(path: tuple[str | int, ...], text: str) -> None:
    if "\x00" in text:
        raise Invalid([(_printable(pointer(path)), "The character U+0000 is not allowed")])
    if _printable(text) != text:
        raise Invalid([(_printable(pointer(path)), "Lone surrogates are not allowed")])


def _printable(text: str) -> str:
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()
