"""`laurel admin`: administrators from the command line. A password is read from the environment or standard input,
never from the arguments, which every user of the machine can see.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from getpass import getpass
from typing import Annotated, TypeVar

import typer

from api.kit.passwords import Passwords
from loyalty.clock import system_clock
from loyalty.errors import LaurelError
from loyalty.services.administrators import ensure_admin, set_password
from loyalty.services.auditing import Actor
from loyalty.store.database import DATABASE_FAILED, Connection, open_pool, transaction

PASSWORD_VARIABLE = "LAUREL_ADMIN_PASSWORD"  # noqa: S105  # the variable's name
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

FAILURES: tuple[type[BaseException], ...] = (LaurelError, *DATABASE_FAILED)

T = TypeVar("T")
Work = Callable[[Connection, str], Awaitable[T]]

Email = Annotated[str, typer.Option(envvar="LAUREL_ADMIN_EMAIL", help="Who.")]
DatabaseUrl = Annotated[str, typer.Option(envvar="LAUREL_DATABASE_URL", help="PostgreSQL.")]

admin = typer.Typer(no_args_is_help=True, help="Make administrators and set their passwords.")


@admin.command()
def ensure(email: Email, database_url: DatabaseUrl) -> None:
    """Make the first administrator unless there is one of this email. Safe to run again, and by many at once."""

    async def work(conn: Connection, password_hash: str) -> bool:
        return (await ensure_admin(conn, email, password_hash, system_clock))[1]

    created = _run("admin ensure", database_url, work)
    typer.echo(f"{email} is now an administrator" if created else f"{email} was an administrator already")


@admin.command("set-password")
def set_new_password(email: Email, database_url: DatabaseUrl) -> None:
    """Set an administrator's password and end their sessions."""

    async def work(conn: Connection, password_hash: str) -> None:
        await set_password(conn, email, password_hash, Actor("operator", "laurel admin set-password"), system_clock)

    _run("admin set-password", database_url, work)
    typer.echo(f"{email} has a new password")


def _run(command: str, database_url: str, work: Work[T]) -> T:
    try:
        return asyncio.run(_with_password(database_url, _read_password(), work))
    except FAILURES as error:
        typer.echo(f"laurel {command}: {error or type(error).__name__}", err=True)
        raise typer.Exit(1) from error


async def _with_password(database_url: str, password: str, work: Work[T]) -> T:
    passwords = Passwords()
    try:
        password_hash = await passwords.hash(password)
        async with await open_pool(database_url, size=1, name="laurel admin") as pool, transaction(pool) as conn:
            return await work(conn, password_hash)
    finally:
        passwords.close()


def _read_password() -> str:
    password = os.environ.get(PASSWORD_VARIABLE) or _typed_password()
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        typer.echo(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.", err=True)
        raise typer.Exit(2)
    return password


def _typed_password() -> str:
    return getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
