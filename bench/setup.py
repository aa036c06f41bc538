"""How long a newcomer waits: `make setup` on a fresh clone, then a first and a second start of the whole stack.

The clone is of the last commit. `cold` runs with empty caches (everything is downloaded), `warm` with those of the
first run. A start ends when every process says that it is ready.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.common import report

ROOT = Path(__file__).resolve().parents[1]
BENCH = "setup"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="laurel-bench-") as folder:
        environment = with_empty_caches(Path(folder) / "caches")
        for state in ("cold", "warm"):
            clone = Path(folder) / state
            run("git", "clone", "--quiet", str(ROOT), str(clone), folder=ROOT, environment=environment)
            measure(state, clone, environment)
            shutil.rmtree(clone)


def measure(state: str, clone: Path, environment: Mapping[str, str]) -> None:
    report(BENCH, f"make_setup_{state}", run("make", "setup", folder=clone, environment=environment), "s")
    for start in ("first", "second"):
        try:
            seconds = run(".venv/bin/laurel", "stack", "up", "--detach", folder=clone, environment=environment)
        finally:
            ended = run(".venv/bin/laurel", "stack", "down", folder=clone, environment=environment)
        report(BENCH, f"{start}_start_{state}", seconds, "s")
        report(BENCH, f"{start}_stop_{state}", ended, "s")


def with_empty_caches(folder: Path) -> dict[str, str]:
    """Our environment without servers of the user, and with caches that nothing has filled."""
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAUREL_", "UV_CACHE", "XDG_"))}
    return kept | {"XDG_CACHE_HOME": str(folder)}


def run(*command: str, folder: Path, environment: Mapping[str, str]) -> float:
    """Seconds that a command takes. Raises CalledProcessError, with its output, when it fails."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=dict(environment), check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
