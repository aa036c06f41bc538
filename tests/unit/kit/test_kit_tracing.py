"""A request keeps its caller's names when they are good ones."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kit.tracing import continue_trace, request_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@pytest.mark.parametrize("version", ["00", "01", "fe"])
def test_a_trace_goes_on_with_a_part_of_our_own(version: str) -> None:
    ours = continue_trace(f"{version}-{TRACE}-00f067aa0ba902b7-01")
    assert ours.startswith(f"00-{TRACE}-")
    assert "00f067aa0ba902b7" not in ours
    assert ours.endswith("-01")


@given(st.none() | st.text(max_size=80) | st.just(f"ff-{TRACE}-00f067aa0ba902b7-01") | st.just(f"00-{'0' * 32}-1-01"))
def test_what_is_no_trace_begins_one(given_header: str | None) -> None:
    assert TRACEPARENT.fullmatch(continue_trace(given_header))


@given(st.none() | st.text(max_size=200))
def test_a_request_id_is_always_a_plain_one(given_header: str | None) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._:-]{1,100}", request_id_of(given_header))


def test_a_plain_request_id_is_kept() -> None:
    assert request_id_of("order-42") == "order-42"
    assert request_id_of("a\nb") != "a\nb"
