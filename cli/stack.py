"""`laurel stack up`, `down` and `status`."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from stack import control
from stack.errors import AlreadyRunningError, StackError
from stack.events import Event, describe
from stack.home import DEFAULT_FOLDER, HOME_VARIABLE, Home
from stack.state import StackState

stack = typer.Typer(no_args_is_help=True, help="Start, stop and inspect the local servers and Laurel's processes.")

NOT_RUNNING, DEGRADED = 3, 1

HomeOption = Annotated[
    Path, typer.Option("--home", envvar=HOME_VARIABLE, help="The folder of the stack's state and data.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DEFAULT_HOME = Path(DEFAULT_FOLDER)


@stack.command()
def up(
    home: HomeOption = DEFAULT_HOME,
    detach: Annotated[bool, typer.Option("--detach", help="Come back when all is ready; it stays up.")] = False,
    servers_only: Annotated[bool, typer.Option("--servers-only", help="PostgreSQL, Valkey and Kafka only.")] = False,
    with_web: Annotated[bool, typer.Option("--with-web", help="The web apps too, built first if need be.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    folder, environment = Home.at(home), dict(os.environ)
    tell = _tell_json if as_json else _tell
    try:
        if not detach:
            return control.run(folder, environment, tell, servers_only=servers_only, with_web=with_web)
        heard = _tell_nothing if as_json else tell
        state = control.up(folder, environment, heard, servers_only=servers_only, with_web=with_web)
    except StackError as error:
        _fail(error, as_json)
    if as_json:
        typer.echo(_as_json(folder, state))
    return None


@stack.command()
def down(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Stop everything, also what a killed supervisor has left behind."""
    try:
        stopped = control.down(Home.at(home))
    except StackError as error:
        _fail(error, as_json)
    said = "Laurel has stopped" if stopped else f"nothing was running in {home}"
    typer.echo(json.dumps({"stopped": stopped}) if as_json else said)


@stack.command()
def status(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Say what runs. Exit status 0: all is ready; 1: something is not; 3: nothing runs."""
    folder = Home.at(home)
    state = control.status(folder)
    if state is None:
        typer.echo(json.dumps({"phase": "stopped"}) if as_json else f"nothing runs in {folder.path}")
        raise typer.Exit(NOT_RUNNING)
    if as_json:
        typer.echo(_as_json(folder, state))
    else:
        Console().print(_table(state))
    if not state.all_ready:
        raise typer.Exit(DEGRADED)


def _tell(event: Event) -> None:
    typer.echo(describe(event))


def _tell_json(event: Event) -> None:
    fields = dataclasses.asdict(event)
    typer.echo(json.dumps({"event": type(event).__name__.lower(), **fields}, default=str))


def _tell_nothing(event: Event) -> None:
    pass


def _fail(error: StackError, as_json: bool) -> NoReturn:
    code = "already_running" if isinstance(error, AlreadyRunningError) else "failed"
    typer.echo(
        json.dumps({"error": code, "detail": str(error)}) if as_json else f"{control.ERROR_PREFIX}{error}",
        err=not as_json,
    )
    raise typer.Exit(1) from error


def _as_json(home: Home, state: StackState) -> str:
    return json.dumps({**dataclasses.asdict(state), "env_file": str(home.env_file)})


def _table(state: StackState) -> Table:
    table = Table(title=f"Laurel: {state.phase} (process {state.pid})", title_justify="left")
    for heading in ("process", "status", "pid", "up for", "restarts", "address"):
        table.add_column(heading)
    for one in state.processes:
        since = f"{time.time() - one.started:.0f} s" if one.pid and one.started else ""
        table.add_row(one.name, one.status, str(one.pid or ""), since, str(one.restarts), one.address)
    return table
