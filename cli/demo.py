"""`laurel run`: Laurel with everything it needs, filled with real purchases.

The stack runs under a supervisor of its own; whatever ends this process in order ends the stack too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.journey.progress import make_console
from cli.journey.replaying import ReplayPlan
from cli.replay import (
    DEFAULT_BASKETS,
    BasketsOption,
    ConcurrencyOption,
    JsonOption,
    SeedOption,
    customer_api_url,
    read_settings,
    run_replay,
    tell,
)
from stack import control
from stack.errors import StackError
from stack.events import Event, describe
from stack.home import Home

LOOK_SECONDS = 0.5
INTERRUPTED = 130
WEB_APPS = ("customer-web", "admin-web")


def run(
    baskets: BasketsOption = DEFAULT_BASKETS,
    once: Annotated[bool, typer.Option("--once", help="Stop everything after the summary.")] = False,
    json_file: JsonOption = None,
    concurrency: ConcurrencyOption = 32,
    seed: SeedOption = 1,
) -> None:
    """Start everything, create the demo program, replay real purchases, show what came of them, and stay up.

    Ctrl-C stops it all in order. With --once it stops by itself; the exit status says whether all went well.
    """
    console = make_console()
    home = control.home_of(os.environ)
    try:
        with _running(home, console, with_web=not once) as seen:
            settings = read_settings(home)
            plan = ReplayPlan((customer_api_url(home, settings),), baskets, concurrency, seed=seed)
            summary = run_replay(plan, settings, console)
            _welcome(console, home)
            tell(summary, console, json_file)
            if not once:
                _stay(home, console, seen)
    except StackError as error:
        typer.echo(f"laurel run: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if not summary.ok:
        raise typer.Exit(1)


@contextmanager
def _running(home: Home, console: Console, *, with_web: bool) -> Iterator[int]:
    """The stack, up as long as the context lasts; yields how much of its log was told. Raises StackError."""
    signal.signal(signal.SIGTERM, _interrupt)

    def say(event: Event) -> None:
        console.print(describe(event), highlight=False, markup=False)

    control.up(home, os.environ, say, with_web=with_web)
    try:
        os.environ.update(control.environment_of(home))  # a shell may have read an older .laurel/env
        yield home.log(control.SUPERVISOR_LOG).stat().st_size
    finally:
        console.print("stopping everything", highlight=False)
        control.down(home)


def _stay(home: Home, console: Console, seen: int) -> None:
    """Wait for Ctrl-C, passing on what the supervisor says. Raises StackError when the stack ends by itself."""
    console.print("Laurel stays up until Ctrl-C.", highlight=False)
    log = home.log(control.SUPERVISOR_LOG)
    with contextlib.suppress(KeyboardInterrupt):
        while control.status(home) is not None:
            time.sleep(LOOK_SECONDS)
            seen = _pass_on(log, seen, console)
        raise StackError(f"the stack has ended; its log: {log}")


def _pass_on(log: Path, seen: int, console: Console) -> int:
    """Print the whole lines beyond `seen`; where the rest begins. A log that was shortened is read on from its end."""
    with log.open("rb") as file:
        file.seek(min(seen, os.fstat(file.fileno()).st_size))
        begin, text = file.tell(), file.read()
    whole = text[: text.rfind(b"\n") + 1]
    if whole:
        console.print(whole.decode(errors="replace"), end="", highlight=False, markup=False)
    return begin + len(whole)


def _welcome(console: Console, home: Home) -> None:
    known = control.environment_of(home)
    state = control.status(home)
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, url in (state.urls if state else {}).items():
        table.add_row(f"[bold]{_title(name)}[/bold]", f"{url}/docs")
    for process in state.processes if state else ():
        if process.name in WEB_APPS:
            told = process.address if process.status == "ready" else f"{process.address} (being built; it says when)"
            table.add_row(f"[bold]{process.name.replace('-', ' ').title()}[/bold]", told)
    table.add_row(
        "[bold]Administrator[/bold]", f"{known.get('LAUREL_ADMIN_EMAIL')}  {known.get('LAUREL_ADMIN_PASSWORD')}"
    )
    table.add_row("[bold]All addresses[/bold]", str(home.env_file))
    console.print(table, highlight=False)


def _title(variable: str) -> str:
    """Customer API for LAUREL_CUSTOMER_API_URL."""
    words = variable.removeprefix("LAUREL_").removesuffix("_URL").split("_")
    return " ".join(word if word == "API" else word.capitalize() for word in words)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
