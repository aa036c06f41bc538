"""Sizes and ages as a person reads them."""

import pytest

from cli.outbox.telling import age_text, bytes_text, to_json
from outbox.findings import fine


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (2**30, "1.0 GiB"), (2**50, "1024.0 TiB")],
)
def test_sizes(count: int, text: str) -> None:
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (90, "1.5 min"), (5_400, "1.5 hours"), (86_400 * 3, "3.0 days")]
)
def test_ages(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


def test_findings_are_told_to_programs() -> None:
    found = '{"found": [{"name": "a", "outcome": "ok", "detail": "b", "remedy": null}]}'
    assert to_json({"found": [fine("a", "b")]}) == found
