"""A web app, built from these sources and served as it is in production."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stack import web
from tests.support.system import free_ports
from tests.support.waiting import eventually_sync

READY_SECONDS = 120
END_SECONDS = 10


@dataclass(slots=True)
class WebApp:
    """A running server; `environment` is what `laurel stack up` would have it know."""

    app: web.App
    build: Path
    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {**os.environ, **self.environment, self.app.port: str(self.port)}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                web.server_command(self.build, self.app),
                env=web.server_environment(self.app, environment),
                stdout=output,
                stderr=output,
            )
        assert eventually_sync(lambda: web.answers(self.port), READY_SECONDS), self.log.read_text()

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(END_SECONDS)


@contextmanager
def serving(name: str, environment: Mapping[str, str], folder: Path) -> Iterator[WebApp]:
    """The app, built when it has not been for these sources, and served as long as the context lasts."""
    app = web.BY_NAME[name]
    build = web.ensure_built(app, os.environ, print)
    own = {"LAUREL_WEB_SESSION_KEY": secrets.token_urlsafe(32), **environment}
    server = WebApp(app, build, own, folder / f"{name}-web.log")
    server.start()
    try:
        yield server
    finally:
        server.stop()
