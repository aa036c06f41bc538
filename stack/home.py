"""The stack's folder, `.laurel`: what is where, who may read it, and who holds it.

Invariant: one supervisor at a time owns the folder, by an flock on `lock`. The kernel releases it however the
supervisor ends, so a held lock means a living supervisor and a free one means that nothing is being supervised.
Everything is for the user alone: folders 0700, files 0600, and a file is replaced whole or not at all.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from stack.errors import AlreadyRunningError, StackError

HOME_VARIABLE = "LAUREL_HOME"
DEFAULT_FOLDER = ".laurel"

FOLDER_MODE = 0o700
FORBIDDEN_MODE = 0o067
"""Nothing for others; the group may enter at most (under root: PostgreSQL's user)."""
FILE_MODE = 0o600
UMASK = 0o077
AMBIGUOUS = re.compile(r"['\\\x00-\x1f]")
LOCK_ATTEMPTS = 5
LOCK_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one stack. `path` is absolute."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Home:
        return cls(path.resolve())

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Home:
        """The folder that the environment names, else `.laurel` here."""
        return cls.at(Path(environment.get(HOME_VARIABLE) or DEFAULT_FOLDER))

    @property
    def env_file(self) -> Path:
        return self.path / "env"

    @property
    def secrets_file(self) -> Path:
        return self.path / "secrets"

    @property
    def ports_file(self) -> Path:
        return self.path / "ports"

    @property
    def state_file(self) -> Path:
        return self.path / "state.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def settings(self) -> Path:
        """Generated settings of the servers."""
        return self.path / "etc"

    @property
    def data(self) -> Path:
        return self.path / "data"

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def create(self) -> None:
        """Make the folder and its parts, closed to others."""
        for folder in (self.path, self.path / "logs", self.data, self.settings):
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if folder.stat().st_mode & FORBIDDEN_MODE:
                folder.chmod(FOLDER_MODE)

    def write(self, path: Path, text: str) -> None:
        """Replace a file as a whole: a reader sees the old text or the new, never a part."""
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            Path(draft).chmod(FILE_MODE)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def write_variables(self, path: Path, variables: Mapping[str, str]) -> None:
        """A dotenv file that a shell can read too.

        Raises StackError for a value that the two would read differently.
        """
        self.write(path, "".join(f"{name}={_quoted(name, value)}\n" for name, value in variables.items()))

    def read_variables(self, path: Path) -> dict[str, str]:
        """The variables of a dotenv file; none when there is no file."""
        found = dotenv_values(path, interpolate=False) if path.exists() else {}
        return {name: value for name, value in found.items() if value is not None}

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Own the folder for the time of the context.

        Raises AlreadyRunningError when another process does.
        """
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            if not _lock(descriptor, fcntl.LOCK_EX):
                raise AlreadyRunningError(f"another supervisor holds {self.path}")
            yield
        finally:
            os.close(descriptor)

    def is_held(self) -> bool:
        """Whether a supervisor lives."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)


def _quoted(name: str, value: str) -> str:
    if AMBIGUOUS.search(value):
        raise StackError(f"{name} has a quote, a backslash or a control character; in a URL write it as %27, %5C, …")
    return shlex.quote(value)


def _lock(descriptor: int, mode: int) -> bool:
    """Whether the lock was free. Asked more than once, since `is_held` of others holds it for an instant."""
    for _ in range(LOCK_ATTEMPTS):
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            return True
    return False
