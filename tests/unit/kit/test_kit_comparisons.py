"""Secrets are compared in constant time: looked for in the code itself, wherever two values are compared."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
SECRET = re.compile(r"secret|token|password|signature|\bmac\b|_mac|digest|hash", re.IGNORECASE)
PUBLIC = re.compile(r"content_hash|request_hash|next_hash|_anchor\.hash|'\w+'")
"""Names that sound like a secret's and are none: what was bought, what was asked, how the journal's chain goes on."""


def _comparisons(path: Path) -> set[str]:
    compared = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
    return {
        text
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], compared)
        for text in [ast.unparse(node)]
        if SECRET.search(PUBLIC.sub("", text))
    }


def test_no_secret_is_compared_with_an_operator() -> None:
    found = {
        str(path.relative_to(ROOT)): comparisons
        for folder in ("api", "loyalty")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (comparisons := _comparisons(path))
    }
    assert found == {}, "use hmac.compare_digest"


def test_the_search_would_find_one(tmp_path: Path) -> None:
    guilty = tmp_path / "guilty.py"
    guilty.write_text("def check(given, key): return key.secret_hash == given or given in TOKENS")
    assert _comparisons(guilty) == {"key.secret_hash == given", "given in TOKENS"}
