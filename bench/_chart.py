"""Horizontal bars as SVG, by hand: readable on a light and on a dark page, and in a diff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
LABEL_WIDTH = 330
BAR_HEIGHT = 22
ROW_HEIGHT = 30
HEAD_HEIGHT = 58
FOOT_HEIGHT = 34
OURS = "#2f6fde"
OTHERS = "#9aa4b2"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is, its length, what is written beside it, and whether it is ours."""

    label: str
    value: float
    text: str
    ours: bool = False


def bars(title: str, note: str, rows: Sequence[Bar]) -> str:
    """An SVG document. Raises ValueError without bars, or with none that is longer than 0."""
    longest = max((bar.value for bar in rows), default=0)
    if longest <= 0:
        raise ValueError("a chart needs a bar that is longer than 0")
    height = HEAD_HEIGHT + ROW_HEIGHT * len(rows) + FOOT_HEIGHT
    room = WIDTH - LABEL_WIDTH - 130
    body = [_bar(bar, HEAD_HEIGHT + ROW_HEIGHT * at, bar.value / longest * room) for at, bar in enumerate(rows)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'role="img" aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="14">',
            f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
            f'<text x="16" y="32" font-size="17" font-weight="600" fill="#1b2430">{escape(title)}</text>',
            *body,
            f'<text x="16" y="{height - 14}" font-size="12" fill="#5b6675">{escape(note)}</text>',
            "</svg>\n",
        ]
    )


def _bar(bar: Bar, top: int, length: float) -> str:
    middle, colour = top + BAR_HEIGHT / 2 + 5, OURS if bar.ours else OTHERS
    weight = ' font-weight="600"' if bar.ours else ""
    return (
        f'<text x="{LABEL_WIDTH - 10}" y="{middle:g}" text-anchor="end" fill="#1b2430"{weight}>'
        f"{escape(bar.label)}</text>"
        f'<rect x="{LABEL_WIDTH}" y="{top}" width="{length:.1f}" height="{BAR_HEIGHT}" rx="3" fill="{colour}"/>'
        f'<text x="{LABEL_WIDTH + length + 8:.1f}" y="{middle:g}" fill="#1b2430"{weight}>{escape(bar.text)}</text>'
    )
