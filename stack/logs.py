"""The logs of the stack's processes: appended to by them, bounded and quoted by the supervisor."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.home import FILE_MODE

LOG_BYTES = 50_000_000
TAIL_LINES = 20
TAIL_BYTES = 16_384


@contextmanager
def open_log(path: Path) -> Iterator[int]:
    """The log's descriptor, for a child to append to."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def shorten_log(path: Path) -> None:
    """Keep a log that has grown too long as `<name>.log.1` and go on with an empty one, also under its writer."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        previous = path.with_suffix(".log.1")
        shutil.copyfile(path, previous)
        previous.chmod(FILE_MODE)
        os.truncate(path, 0)


def log_tail(log: Path) -> str:
    """The last lines of a log, ready to be appended to an error message; empty when there are none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    except FileNotFoundError:
        return ""
    return "\n".join([f"\nthe end of {log}:", *(f"  {line}" for line in lines)]) if lines else ""
