"""The outbox's tables, for a project that does not have Laurel's migrations.

Each step is plain SQL that is applied once, in order, in the schema that the search path names. A project with
migrations of its own takes the steps into them (`python -m outbox schema`); one without lets `create` do it, which
remembers in `outbox_schema` what it applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncpg

from outbox.statements import load

FOLDER = Path(__file__).parent

_SQL = load("schema")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the schema: its name, which sorts in the order of the steps, and its SQL."""

    name: str
    sql: str


def steps(after: str | None = None) -> list[Step]:
    """The steps in their order, all or those that come after one. Raises ValueError for a name that is no step's."""
    found = [Step(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.sql"))]
    if after is None:
        return found
    if after not in {step.name for step in found}:
        raise ValueError(f"{after} is not a step of the outbox's schema: {', '.join(step.name for step in found)}")
    return [step for step in found if step.name > after]


async def create(conn: asyncpg.Connection, schema: str = "outbox") -> list[str]:
    """Make the schema and the tables in it, or bring them up to date; the names of the steps that it took.

    Safe to run again, and by many at once. Writers need the schema in their search path.
    """
    async with conn.transaction():
        await conn.execute(_SQL["lock_schema"], schema)
        await conn.execute(_SQL["name_schema"], schema)
        await conn.execute(_SQL["create_schema"])
        await conn.execute(_SQL["create_steps"])
        done = {row["step"] for row in await conn.fetch(_SQL["list_steps"])}
        taken = [step for step in steps() if step.name not in done]
        for step in taken:
            await conn.execute(step.sql)
            await conn.execute(_SQL["insert_step"], step.name)
        return [step.name for step in taken]
