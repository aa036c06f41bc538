"""The relay's figures as they are kept: JSON for tools, a chart, and a few lines of the README, all of one run."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench._chart import Bar, bars

ROOT = Path(__file__).parents[1]
RATES = (200, 1_000)
FLOORS = {
    "copy": "COPY of the rows, nothing done with them",
    "producer": "bare producer, no database, no headers",
    "relay": "Laurel's relay, all CloudEvents headers",
    "loop": "hand-written loop, two headers",
}
MARKED = re.compile(r"(<!-- relay figures -->\n).*?(<!-- end of relay figures -->)", re.DOTALL)

Figures = Mapping[str, float]


def keep(figures: Figures, command: str) -> None:
    """Write all of them."""
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    short = {name: float(f"{value:.4g}") for name, value in figures.items()}
    told = {"date": date, "machine": machine, "command": command, "figures": short}
    (ROOT / "docs" / "reports" / "relay-speed.json").write_text(json.dumps(told, indent=1) + "\n")
    (ROOT / "docs" / "relay-speed.svg").write_text(chart(short, f"rows a second; {date}, {machine}"))
    readme = ROOT / "README.md"
    readme.write_text(with_lines(readme.read_text(), lines(short, date, machine, command)))


def chart(figures: Figures, note: str) -> str:
    """The drain rates as a picture."""
    rows = [Bar(label, figures[name], f"{figures[name]:,.0f}", name == "relay") for name, label in FLOORS.items()]
    return bars("From PostgreSQL to Kafka: draining a backlog", note, rows)


def lines(figures: Figures, date: str, machine: str, command: str) -> str:
    """The README's lines."""
    drain = figures["relay"]
    beside = {name: f"{drain / figures[name]:.2f}" for name in FLOORS}
    delays = [
        f"| relay, commit to consumer at {rate:,} a second | p50 {figures[f'relay_p50_at_{rate}_per_s']:.1f} ms, "
        f"p99 {figures[f'relay_p99_at_{rate}_per_s']:.1f} ms; without a database "
        f"{figures[f'bare_p50_at_{rate}_per_s']:.1f} and {figures[f'bare_p99_at_{rate}_per_s']:.1f} |"
        for rate in RATES
    ]
    return "\n".join(
        [
            "| what | figure |",
            "|---|---|",
            f"| relay, draining a backlog with all CloudEvents headers | {drain:,.0f} rows a second: {beside['loop']} "
            f"of a hand-written loop, {beside['producer']} of a bare producer, {beside['copy']} of a bare COPY |",
            *delays,
            f"| relay, cost | {figures['cpu_per_row']:.1f} µs of CPU a row, {figures['peak_memory']:.0f} MiB at full "
            f"speed; idle {figures['idle_cpu']:.1f}% of a core, {figures['idle_statements']:.0f} statements a second |",
            "",
            "![Rows a second: COPY, bare producer, relay, hand-written loop](docs/relay-speed.svg)",
            "",
            f"{date}, {machine}: `{command}`",
            "",
        ]
    )


def with_lines(page: str, told: str) -> str:
    """The page with other lines between its marks. Raises ValueError without marks."""
    if not MARKED.search(page):
        raise ValueError("the page has no marks for the relay's figures")
    return MARKED.sub(lambda found: f"{found[1]}\n{told}{found[2]}", page)
