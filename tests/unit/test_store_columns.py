"""Columns as parameters: nothing that a row says is lost on the way."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from loyalty.store.columns import numbers, numbers_or_null, once, unless_null

integers = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(integers))
def test_numbers_are_read_back(values: list[int]) -> None:
    assert json.loads(f"[{numbers(values)[1:-1]}]") == values


@given(st.lists(st.none() | integers))
def test_missing_numbers_are_null(values: list[int | None]) -> None:
    assert json.loads(f"[{numbers_or_null(values)[1:-1].lower()}]") == values


@given(st.lists(st.none() | st.booleans(), max_size=4))
def test_what_is_sent_once_or_not_at_all_stands_for_every_row(values: list[bool | None]) -> None:
    sent = once(values)
    assert list(sent) == values or (len(sent) == 1 and values == [sent[0]] * len(values))
    kept = unless_null(values)
    assert list(kept) == values or (not kept and values == [None] * len(values))
