"""Progress: a bar where someone looks, whole lines where something is written down."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from cli.journey.progress import progress


@pytest.mark.parametrize("terminal", [True, False])
def test_it_says_what_is_done_of_how_many(terminal: bool) -> None:
    out = StringIO()
    with progress(Console(file=out, force_terminal=terminal, width=120), "Purchases", 1_500) as advance:
        for _ in range(1_500):
            advance()
    shown = out.getvalue()
    assert "Purchases" in shown
    assert ("1500/1500" if terminal else "Purchases: 1,500 of 1,500 in") in shown


def test_a_log_gets_a_last_line_also_for_nothing() -> None:
    out = StringIO()
    with progress(Console(file=out, force_terminal=False), "Members", 0):
        pass
    assert out.getvalue().startswith("Members: 0 of 0 in")
