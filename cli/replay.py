"""`laurel replay`."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from cli.journey.baskets import ALL_BASKETS
from cli.journey.client import GaveUp
from cli.journey.progress import make_console
from cli.journey.redeeming import Unexpected
from cli.journey.replaying import ForeignProgram, ReplayPlan
from cli.journey.replaying import replay as replay_purchases
from cli.journey.summary import Summary, show
from loyalty.settings import Settings, load_settings
from loyalty.store.database import DATABASE_AWAY
from stack.control import environment_of, home_of
from stack.home import Home

DEFAULT_BASKETS = 10_000
PREVENTED: tuple[type[BaseException], ...] = (GaveUp, Unexpected, ForeignProgram, ModuleNotFoundError, *DATABASE_AWAY)

BasketsOption = Annotated[int, typer.Option("--baskets", min=1, max=ALL_BASKETS, help="How many, oldest first.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write the summary to this file.")]
ConcurrencyOption = Annotated[int, typer.Option(min=1, max=500, help="Requests at once.")]
SeedOption = Annotated[int, typer.Option(help="Decides who is watched and who redeems.")]


def replay(
    baskets: BasketsOption = DEFAULT_BASKETS,
    every: Annotated[bool, typer.Option("--all", help=f"All {ALL_BASKETS:,}.")] = False,
    json_file: JsonOption = None,
    concurrency: ConcurrencyOption = 32,
    seed: SeedOption = 1,
    customer_url: Annotated[list[str] | None, typer.Option(help="The Customer API; several take turns.")] = None,
    patience_seconds: Annotated[float, typer.Option(help="How long to ask again for one answer.")] = 120.0,
) -> None:
    """Send a retailer's real purchases through the Customer API, then redeem, then say what came of it.

    Doing it again does nothing for what is there already. Settings come from LAUREL_ variables, else .laurel/env.
    """
    console = make_console()
    home = home_of(os.environ)
    settings = read_settings(home)
    plan = ReplayPlan(
        customer_urls=tuple(customer_url or (customer_api_url(home, settings),)),
        baskets=ALL_BASKETS if every else baskets,
        concurrency=concurrency,
        seed=seed,
        patience_seconds=patience_seconds,
    )
    summary = run_replay(plan, settings, console)
    tell(summary, console, json_file)
    if not summary.ok:
        raise typer.Exit(1)


def run_replay(plan: ReplayPlan, settings: Settings, console: Console) -> Summary:
    """Replay, or say what prevented it and exit with status 1."""
    try:
        return asyncio.run(replay_purchases(plan, settings, console))
    except BaseExceptionGroup as group:
        expected, others = group.split(PREVENTED)
        if expected is None or others is not None:
            raise
        fail(_said(_first(expected)))
    except PREVENTED as error:
        fail(_said(error))


def tell(summary: Summary, console: Console, json_file: Path | None) -> None:
    """Print the summary, and write it to the file if there is one."""
    show(console, summary)
    if json_file is not None:
        json_file.write_text(json.dumps(summary.to_json(), indent=1) + "\n")


def read_settings(home: Home) -> Settings:
    """The settings of the environment and of a stack that runs in `home`; without them, exit with status 1."""
    try:
        return load_settings(home.env_file if home.env_file.exists() else None)
    except ValidationError as error:
        missing = ", ".join(f"LAUREL_{str(one['loc'][0]).upper()}" for one in error.errors())
        fail(f"these settings are missing or wrong: {missing}. Start Laurel first: laurel stack up --detach")


def customer_api_url(home: Home, settings: Settings) -> str:
    """Where the Customer API is: as the environment says, else as the running stack says, else as configured."""
    known = {**environment_of(home), **os.environ}
    configured = f"http://{settings.customer_api_host}:{settings.customer_api_port}"
    return known.get("LAUREL_CUSTOMER_API_URL", configured)


def fail(reason: str) -> NoReturn:
    """Say why and exit with status 1."""
    typer.echo(f"laurel replay: {reason}", err=True)
    raise typer.Exit(1)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
