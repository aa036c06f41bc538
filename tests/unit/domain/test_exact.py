"""Exact numbers as text."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.exact import exact_text, ratio_text


@given(st.fractions() | st.decimals(allow_nan=False, allow_infinity=False, places=6).map(Fraction))
def test_reads_back_as_the_same_number(number: Fraction) -> None:
    assert Fraction(exact_text(number)) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(12), "12"),
        (Fraction(-12), "-12"),
        (Fraction(5, 2), "2.5"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(10, 3), "10/3"),
        (Fraction(-1, 6), "-1/6"),
    ],
)
def test_decimals_where_they_end_a_fraction_where_they_do_not(number: Fraction, text: str) -> None:
    assert exact_text(number) == text


@given(st.integers(), st.integers(1, 10**6), st.integers(1, 1_000))
def test_a_ratio_need_not_be_in_lowest_terms(numerator: int, denominator: int, factor: int) -> None:
    assert ratio_text(numerator * factor, denominator * factor) == exact_text(Fraction(numerator, denominator))
