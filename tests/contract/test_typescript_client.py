"""Clients that are generated from the documents need no casts: a strict compiler takes one of every kind of route."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from stack.node import NODE
from stack.web import ensure_installed

CLIENT = Path(__file__).parent / "client" / "client.ts"
DOCUMENTS = Path(__file__).parents[2] / "schemas" / "json"
STRICT = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noEmit", "--skipLibCheck"]
TARGET = ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom"]
ESCAPES = re.compile(r"\bas\s+(?!const\b)\w|\bany\b|@ts-ignore|@ts-nocheck|<any>|!\.")


def _node(script: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([NODE, script, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_a_generated_client_compiles_without_casts(tmp_path: Path) -> None:
    code = "\n".join(line for line in CLIENT.read_text().splitlines() if not line.lstrip().startswith(("//", "import")))
    assert ESCAPES.findall(code) == []
    modules = ensure_installed(os.environ, print)
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / CLIENT.name).write_text(CLIENT.read_text())
    for api in ("customer", "admin"):
        document = DOCUMENTS / f"openapi-{api}.json"
        generate = modules / "openapi-typescript" / "bin" / "cli.js"
        made = _node(generate, str(document), "-o", f"{api}.ts", "--default-non-nullable=false", folder=tmp_path)
        assert made.returncode == 0, made.stdout + made.stderr
    compiled = _node(modules / "typescript" / "bin" / "tsc", *STRICT, *TARGET, CLIENT.name, folder=tmp_path)
    assert compiled.returncode == 0, compiled.stdout
