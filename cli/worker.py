"""`laurel worker`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.logs import configure_logs
from loyalty.settings import load_settings


def worker(
    without_web: Annotated[
        bool, typer.Option("--without-web", help="No health and metrics port (LAUREL_WORKER_HEALTH_PORT).")
    ] = False,
) -> None:
    """Turn purchases into points and decide redemptions. Runs until SIGTERM, then finishes what it has in hand."""
    from agents.brokers import credentials_of
    from agents.worker import run_worker

    try:
        settings = load_settings()
        credentials_of(settings)
    except (OSError, ValueError) as error:
        typer.echo(f"laurel worker: {error}", err=True)
        raise typer.Exit(2) from error
    configure_logs(settings.log_format, settings.log_level)
    run_worker(settings, with_web=not without_web)
