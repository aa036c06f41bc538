"""Progress of long work: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Advance = Callable[[], None]
LINE_EVERY_SECONDS = 5.0
LOG_COLUMNS = 160


def make_console() -> Console:
    """Standard output; a log is no terminal, and has room for whole lines."""
    return Console() if sys.stdout.isatty() else Console(width=LOG_COLUMNS)


@contextmanager
def progress(console: Console, title: str, total: int) -> Iterator[Advance]:
    """Shows how much of `total` is done; call what it gives once for each."""
    shown = _bar(console, title, total) if console.is_terminal else _lines(console, title, total)
    with shown as advance:
        yield advance


@contextmanager
def _bar(console: Console, title: str, total: int) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)


@contextmanager
def _lines(console: Console, title: str, total: int) -> Iterator[Advance]:
    started = last_line = time.monotonic()
    done = 0

    def advance() -> None:
        nonlocal done, last_line
        done += 1
        if (now := time.monotonic()) - last_line >= LINE_EVERY_SECONDS:
            last_line = now
            console.print(f"{title}: {done:,} of {total:,} in {now - started:.0f} s", highlight=False)

    yield advance
    console.print(f"{title}: {done:,} of {total:,} in {time.monotonic() - started:.1f} s", highlight=False)
