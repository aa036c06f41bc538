"""How a measurement is told: one JSON object a line, for people and for whoever draws curves.

`floor` is what the same machine did in the same run with the least that could be done (or what a peer did), in the
same unit; `ratio` is value over floor.
"""

from __future__ import annotations

import json


def line(bench: str, figure: str, value: float, unit: str, floor: float | None = None) -> str:
    """One figure as its JSON line. Raises ValueError for a floor of 0."""
    if floor == 0:
        raise ValueError(f"{bench} {figure}: the floor is 0, so there is nothing to compare with")
    told: dict[str, str | float] = {"bench": bench, "figure": figure, "value": _short(value), "unit": unit}
    if floor is not None:
        told |= {"floor": _short(floor), "ratio": _short(value / floor)}
    return json.dumps(told)


def report(bench: str, figure: str, value: float, unit: str, floor: float | None = None) -> None:
    """Print one figure."""
    print(line(bench, figure, value, unit, floor), flush=True)


def _short(number: float) -> float:
    return float(f"{number:.4g}") if abs(number) < 10_000 else round(number)
