"""`laurel admin`: the first administrator, and a way back in for one who forgot the password."""

from __future__ import annotations

import subprocess
import sys

import asyncpg
import pytest
from argon2 import PasswordHasher

EMAIL = "first@laurel.example"
PASSWORD = "correct horse battery"


def laurel(*arguments: str, database_url: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "cli", "admin", *arguments, "--email", EMAIL],
        env={"PATH": "/usr/bin:/bin", "LAUREL_DATABASE_URL": database_url, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def hash_of(conn: asyncpg.Connection) -> str:
    stored: str = await conn.fetchval("select password_hash from admin where email = $1", EMAIL)
    return stored


async def test_the_first_administrator_is_made_once(database_url: str, conn: asyncpg.Connection) -> None:
    first = laurel("ensure", database_url=database_url, LAUREL_ADMIN_PASSWORD=PASSWORD)
    assert (first.returncode, first.stdout) == (0, f"{EMAIL} is now an administrator\n"), first.stderr
    stored = await hash_of(conn)
    assert stored.startswith("$argon2id$")
    assert PasswordHasher().verify(stored, PASSWORD)
    again = laurel("ensure", database_url=database_url, LAUREL_ADMIN_PASSWORD="another password")
    assert (again.returncode, again.stdout) == (0, f"{EMAIL} was an administrator already\n")
    assert await hash_of(conn) == stored
    assert await conn.fetchval("select role from admin") == "admin"
    assert await conn.fetchval("select action || ' by ' || actor_kind from audit_log") == "admin.created by system"


async def test_a_password_is_set_from_standard_input(database_url: str, conn: asyncpg.Connection) -> None:
    laurel("ensure", database_url=database_url, LAUREL_ADMIN_PASSWORD=PASSWORD)
    done = laurel("set-password", database_url=database_url, stdin="a new long password\n")
    assert done.returncode == 0, done.stderr
    assert PasswordHasher().verify(await hash_of(conn), "a new long password")
    assert "a new long password" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "password", "said"),
    [("ensure", "short", "12 to 200"), ("ensure", "", "12 to 200"), ("set-password", PASSWORD, "no administrator")],
)
async def test_what_cannot_be_done_is_said_in_a_line(
    database_url: str, conn: asyncpg.Connection, command: str, password: str, said: str
) -> None:
    done = laurel(command, database_url=database_url, stdin=password)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert await conn.fetchval("select count(*) from admin") == 0


def test_a_database_that_is_away_is_said_in_a_line() -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    done = laurel("ensure", database_url=url, LAUREL_ADMIN_PASSWORD=PASSWORD)
    assert done.returncode == 1
    assert done.stderr.startswith("laurel admin ensure: ")
    assert "Traceback" not in done.stderr
