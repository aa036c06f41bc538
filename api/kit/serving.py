"""Runs an API as `settings` say: in this process, or as several that share the port."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sanic import Sanic
from sanic.worker.loader import AppLoader

from api.kit.endpoint import App
from loyalty.settings import Settings

CreateApp = Callable[[Settings], App]


def serve(create_app: CreateApp, settings: Settings, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then lets running requests finish. Raises OSError when the port is taken."""
    if settings.api_workers == 1:
        create_app(settings).run(host, port, single_process=True, motd=False, access_log=False)
        return
    loader = AppLoader(factory=partial(create_app, settings))
    app = loader.load()
    app.prepare(host, port, workers=settings.api_workers, motd=False, access_log=False)
    Sanic.serve(primary=app, app_loader=loader)
