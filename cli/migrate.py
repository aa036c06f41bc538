"""`laurel migrate`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Annotated

import typer

from db.migrate import Migrated, MigrationError
from db.migrate import migrate as apply_migrations


def migrate(
    database_url: Annotated[str, typer.Option(envvar="LAUREL_DATABASE_URL", help="The database to migrate.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be applied.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring the database's schema up to date. Safe to run again, and by many at once."""
    try:
        done = asyncio.run(apply_migrations(database_url, dry_run=dry_run))
    except MigrationError as error:
        typer.echo(f"laurel migrate: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(dataclasses.asdict(done)) if as_json else _say(done))


def _say(done: Migrated) -> str:
    lines = [f"applied {name}" for name in done.applied] + [f"would apply {name}" for name in done.pending]
    return "\n".join(lines) or f"nothing to do: {done.already} migrations are applied"
