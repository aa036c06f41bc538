"""`laurel customer-api` and `laurel admin-api`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.kit.endpoint import App
from api.kit.serving import CreateApp, serve
from cli.logs import configure_logs
from loyalty.settings import Settings, load_settings

EnvFile = Annotated[
    Path | None,
    typer.Option("--env-file", exists=True, dir_okay=False, help="Variables that the environment does not set."),
]


def customer_api(env_file: EnvFile = None) -> None:
    """Serve the Customer API. Every setting is a LAUREL_… variable."""
    settings = _settings(env_file)
    _serve(make_customer_app, settings, settings.customer_api_host, settings.customer_api_port)


def admin_api(env_file: EnvFile = None) -> None:
    """Serve the Admin API. Every setting is a LAUREL_… variable."""
    settings = _settings(env_file)
    _serve(make_admin_app, settings, settings.admin_api_host, settings.admin_api_port)


def make_customer_app(settings: Settings) -> App:
    """The server, in a process whose logs are set up: each process of an API makes its own."""
    from api.customer.app import create_app

    configure_logs(settings.log_format, settings.log_level)
    return create_app(settings)


def make_admin_app(settings: Settings) -> App:
    """The same for the Admin API."""
    from api.admin.app import create_app

    configure_logs(settings.log_format, settings.log_level)
    return create_app(settings)


def _settings(env_file: Path | None) -> Settings:
    try:
        return load_settings(env_file)
    except ValidationError as error:
        wrong = [f"LAUREL_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors(include_input=False)]
        typer.echo("\n".join(["The settings are not complete:", *wrong]), err=True)
        raise typer.Exit(2) from None


def _serve(create_app: CreateApp, settings: Settings, host: str, port: int) -> None:
    try:
        serve(create_app, settings, host, port)
    except OSError as error:
        typer.echo(f"Cannot serve on {host}:{port}: {os.strerror(error.errno or 0)}", err=True)
        raise typer.Exit(1) from None
