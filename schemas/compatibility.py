"""Which changes of an event's JSON Schema its readers and writers survive.

Readers of the old schema must understand what is written by the new one, and readers of the new schema what was written
under the old: events are kept and replayed. So a property keeps its meaning for ever, what is required stays required,
nothing else becomes required, and a new property is optional. Texts for people may change.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

FOR_PEOPLE = frozenset({"title", "description", "examples", "$schema"})


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """What would break a reader or a stored event, in words; empty when nothing would."""
    return list(_of_object(old, new, "", old.get("$defs", {}), new.get("$defs", {})))


def _of_object(old: Schema, new: Schema, at: str, old_defs: Schema, new_defs: Schema) -> Iterator[str]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{at}/{name} is no longer always there" for name in sorted(before - after))
    yield from (f"{at}/{name} is required now, but older events may lack it" for name in sorted(after - before))
    kept, known = new.get("properties", {}), old.get("properties", {})
    for name, was in known.items():
        if name not in kept:
            yield f"{at}/{name} is gone"
        else:
            yield from _of_value(was, kept[name], f"{at}/{name}", old_defs, new_defs)


def _of_value(old: Schema, new: Schema, at: str, old_defs: Schema, new_defs: Schema) -> Iterator[str]:
    old, new = _resolved(old, old_defs), _resolved(new, new_defs)
    if "properties" in old and "properties" in new:
        yield from _of_object(old, new, at, old_defs, new_defs)
    elif "items" in old and "items" in new:
        yield from _of_value(old["items"], new["items"], f"{at}/*", old_defs, new_defs)
    elif _meaning(old) != _meaning(new):
        yield f"{at} was {_meaning(old)} and is {_meaning(new)}"


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref")
    found: Schema = schema if reference is None else definitions[reference.rpartition("/")[2]]
    return found


def _meaning(schema: Any) -> Any:
    """A schema without the texts for people."""
    match schema:
        case Mapping():
            return {name: _meaning(part) for name, part in schema.items() if name not in FOR_PEOPLE}
        case list():
            return [_meaning(part) for part in schema]
    return schema
