"""What refunds give back to the counters of limits: never too much, in the end all."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.rules.limits import Returned, given_back


@st.composite
def returns(draw: st.DrawFn) -> tuple[int, list[int]]:
    """An award, and what of it was returned after each of its refunds, the last of which returns all."""
    award = draw(st.integers(1, 10**9))
    return award, sorted({0, award, *draw(st.lists(st.integers(0, award), max_size=8))})


@given(returns(), st.data())
def test_refunds_in_any_parts_give_back_what_was_counted_and_never_more(
    returned: tuple[int, list[int]], data: st.DataObject
) -> None:
    award, steps = returned
    counted = data.draw(st.integers(0, award))
    so_far = 0
    for before, after in pairwise(steps):
        back = given_back(counted, Returned(before, after, award))
        so_far += back
        assert back >= 0
        assert so_far * award <= counted * after < (so_far + 1) * award
    assert so_far == counted
