"""From a fresh clone to a filled, running Laurel: `python -m bench.setup`.

Clones this repository's last commit, and times `make setup` and the first `make run` there, with whatever package
caches this machine has.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.common import report

ROOT = Path(__file__).parents[1]
BASKETS = 2_000


def main() -> None:
    """Measure, and print each figure as a line of JSON."""
    with tempfile.TemporaryDirectory(prefix="laurel-setup-") as folder:
        clone = Path(folder) / "laurel"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        setup = _seconds(clone, "setup")
        first = _seconds(clone, "run", f"ARGS=--once --baskets {BASKETS}")
    report("setup", "make_setup", setup, "s")
    report("setup", f"make_run_{BASKETS}_baskets", first, "s")
    report("setup", "fresh_clone_to_summary", setup + first, "s")


def _seconds(clone: Path, *arguments: str) -> float:
    began = time.monotonic()
    subprocess.run(["make", *arguments], cwd=clone, env=_environment(), check=True, stdout=sys.stderr)
    return time.monotonic() - began


def _environment() -> dict[str, str]:
    """The user's, without this checkout's own settings and virtual environment."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LAUREL_", "VIRTUAL_ENV", "PYTHON", "MAKE"))
    }


if __name__ == "__main__":
    main()
