"""What a run of the relay's bench leaves behind: a picture that can be drawn, and lines where the README wants them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from bench._chart import Bar, bars
from bench._relay_figures import ROOT, chart, lines, with_lines

FIGURES = {
    "copy": 400_000.0,
    "producer": 240_000.0,
    "relay": 150_000.0,
    "loop": 50_000.0,
    "cpu_per_row": 4.0,
    "peak_memory": 75.0,
    "idle_cpu": 0.8,
    "idle_statements": 12.0,
    **{f"{who}_{p}_at_{rate}_per_s": 1.5 for who in ("bare", "relay") for p in ("p50", "p99") for rate in (200, 1_000)},
}


def test_the_longest_bar_is_the_largest_figure_and_ours_stands_out() -> None:
    drawn = ET.fromstring(chart(FIGURES, "a & b"))
    widths = [float(bar.attrib["width"]) for bar in drawn.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert widths == sorted(widths, reverse=True)
    assert len({bar.attrib["fill"] for bar in list(drawn.iter("{http://www.w3.org/2000/svg}rect"))[1:]}) == 2
    assert widths[2] / widths[0] == pytest.approx(150_000 / 400_000, abs=0.001)


def test_a_chart_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 0"):
        bars("title", "note", [Bar("none", 0, "0")])


def test_the_readme_has_a_place_for_the_figures() -> None:
    told = lines(FIGURES, "2026-11-22", "2 cores", "make bench-relay")
    page = with_lines((ROOT / "README.md").read_text(), told)
    assert page.count("150,000 rows a second: 3.00 of a hand-written loop, 0.62 of a bare producer") == 1
    assert with_lines(page, told) == page, "telling the same again changes nothing"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no marks"):
        with_lines("# Laurel", "x")
