"""Keeps the code of a commit for tests/e2e/test_expand_and_contract.py: run it when a release has been made.

    python tools/keep_release.py v1.0.0

The files that its processes need are kept in this repository as one archive, so that the test runs in any checkout,
also in one without history. That the archive is of this commit can be seen by making it again.
"""

from __future__ import annotations

import lzma
import subprocess
import sys
from pathlib import Path

FOLDERS = ("agents", "api", "cli", "db", "loyalty", "outbox", "schemas", "stack")
RELEASE = Path(__file__).parents[1] / "tests" / "e2e" / "release"


def main(commit: str) -> None:
    """Replaces what is kept with the code of `commit`."""
    name = _git("rev-parse", f"{commit}^{{commit}}").decode().strip()
    archive = _git("archive", "--format=tar", name, *FOLDERS)
    for old in RELEASE.glob("*.tar.xz"):
        old.unlink()
    kept = RELEASE / f"{name}.tar.xz"
    kept.write_bytes(lzma.compress(archive, preset=9))
    print(f"{kept}: {kept.stat().st_size:,} bytes")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, capture_output=True).stdout  # noqa: S603, S607


if __name__ == "__main__":
    main(*sys.argv[1:])
