"""`laurel web`: a web app's server, built first where that is needed."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from stack import web as apps
from stack.errors import StackError


class AppName(StrEnum):
    CUSTOMER = "customer"
    ADMIN = "admin"


def web(
    app: Annotated[AppName, typer.Argument(help="Which app.")],
    build_only: Annotated[bool, typer.Option("--build-only", help="Build it and print where; serve nothing.")] = False,
) -> None:
    """Serve the Customer Web or the Admin Web with the Node of the wheel, until SIGTERM.

    Builds the app first when its sources have changed since it was built last.
    """
    chosen = apps.BY_NAME[app.value]
    try:
        build = apps.ensure_built(chosen, os.environ, lambda line: typer.echo(line, err=True))
    except StackError as error:
        typer.echo(f"laurel web: {error}", err=True)
        raise typer.Exit(1) from error
    if build_only:
        typer.echo(str(build))
        return
    if chosen.port not in os.environ:
        raise typer.BadParameter(f"{chosen.port} must be set: the port to listen on")
    command = apps.server_command(build, chosen)
    os.execve(command[0], command, apps.server_environment(chosen, os.environ))  # noqa: S606
