"""The `laurel` command: the one place that knows every process.

Each command lives in a module of its own and is imported when it is called for, so that `laurel --help` and
`laurel migrate` do not pay for Sanic, Faust and Kafka. In that module the command is the attribute of its own name
(dashes become underscores): a function, or a `typer.Typer` when it has commands of its own.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.examples import epilog

if TYPE_CHECKING:
    from typer._click.core import Command, Context


class Entry(NamedTuple):
    """Where a command lives, and the line that `laurel --help` has for it."""

    module: str
    help: str


COMMANDS = {
    "run": Entry("cli.demo", "Start everything, fill it with real purchases, show what came of them."),
    "stack": Entry("cli.stack", "Start, stop and inspect the local servers and Laurel's processes."),
    "migrate": Entry("cli.migrate", "Bring the database's schema up to date."),
    "admin": Entry("cli.admin", "Make administrators and set their passwords."),
    "schemas": Entry("cli.schemas", "Write the contracts: of the events and of both APIs."),
    "topics": Entry("cli.relay", "Create the Kafka topics that are missing."),
    "customer-api": Entry("cli.api", "Serve the Customer API."),
    "admin-api": Entry("cli.api", "Serve the Admin API."),
    "web": Entry("cli.web", "Serve the Customer Web or the Admin Web."),
    "relay": Entry("cli.relay", "Publish the outbox to Kafka."),
    "worker": Entry("cli.worker", "Turn purchases into points and decide redemptions."),
    "outbox": Entry("cli.outbox", "Inspect the outbox."),
    "ledger": Entry("cli.ledger", "Verify, seal and export the ledger."),
    "report": Entry("cli.report", "Liability, rollforward, expiry, rates and cohorts, from the ledger."),
    "rules": Entry("cli.rules", "Check, replay and verify earning rules."),
    "receipt": Entry("cli.receipt", "Sign receipts, and give a shop the key to do so."),
    "replay": Entry("cli.replay", "Send real purchases through the Customer API."),
}


OPERATOR_COMMANDS = frozenset({"admin", "ledger", "migrate", "outbox", "receipt", "report", "rules", "topics"})
"""Commands that are called by hand, on the stack that runs here unless the environment names another database."""


class LazyGroup(TyperGroup):
    """Lists every command from `COMMANDS`, imports only the one that is run."""

    def list_commands(self, ctx: Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        entry = COMMANDS.get(cmd_name)
        return entry and TyperCommand(cmd_name, help=entry.help)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return (name, _load(name), rest) if name in COMMANDS else (name, command, rest)


def _load(name: str) -> Command:
    try:
        module = importlib.import_module(COMMANDS[name].module)
    except ModuleNotFoundError as error:
        if error.name in _packages_of("stack"):
            typer.echo(f"laurel {name} needs {error.name}, which comes with laurel[stack]", err=True)
            raise typer.Exit(1) from error
        raise
    return _as_command(name, getattr(module, name.replace("-", "_")))


def _packages_of(extra: str) -> set[str]:
    """The import names of the packages that only this extra brings, as near as their names say."""
    wanted = [line for line in importlib.metadata.requires("laurel") or () if f'extra == "{extra}"' in line]
    return {re.split(r"[^\w-]", line, maxsplit=1)[0].replace("-", "_").removeprefix("python_") for line in wanted}


def _as_command(name: str, found: typer.Typer | Callable[..., Any]) -> Command:
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(add_completion=False)
        found.command(name)(function)
    command = get_command(found)
    command.name = name
    _add_examples(name, command)
    return command


def _add_examples(path: str, command: Any) -> None:
    command.epilog = epilog(path)
    for name, inner in getattr(command, "commands", {}).items():
        _add_examples(f"{path} {name}", inner)


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def laurel(ctx: typer.Context) -> None:
    """Laurel: points on purchases, rewards for points, nothing lost and nothing twice."""
    if ctx.invoked_subcommand in OPERATOR_COMMANDS and "LAUREL_DATABASE_URL" not in os.environ:
        _use_local_stack()


def _use_local_stack() -> None:
    from stack.home import Home

    home = Home.of(os.environ)
    for name, value in home.read_variables(home.env_file).items():
        os.environ.setdefault(name, value)
