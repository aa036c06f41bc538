"""Exact numbers as text. Python's Fraction reads every one of them back as the same number."""

from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

TEXTS_KEPT = 16_384
"""Prices repeat: what a line earns has been written before more often than not."""


class Exact(NamedTuple):
    """numerator / denominator as it was reckoned, not in lowest terms: cheap to make, and to compare within one scale.

    denominator > 0.
    """

    numerator: int
    denominator: int = 1

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)

    @property
    def text(self) -> str:
        """ "2.5" where the decimals end, "10/3" where they do not."""
        return ratio_text(self.numerator, self.denominator)


def exact_text(number: Fraction) -> str:
    """ "2.5" where the decimals end, "10/3" where they do not."""
    return ratio_text(number.numerator, number.denominator)


@lru_cache(maxsize=TEXTS_KEPT)
def ratio_text(numerator: int, denominator: int) -> str:
    """The same for numerator / denominator, which need not be in lowest terms; denominator > 0."""
    if denominator == 1:
        return str(numerator)
    places = _decimal_places(denominator)
    if places is None:
        return _reduced_text(Fraction(numerator, denominator))
    digits = str(abs(numerator) * 10**places // denominator).rjust(places + 1, "0")
    decimals = digits[-places:].rstrip("0")
    return f"{'-' if numerator < 0 else ''}{digits[:-places]}{'.' if decimals else ''}{decimals}"


def _reduced_text(number: Fraction) -> str:
    if _decimal_places(number.denominator) is None:
        return f"{number.numerator}/{number.denominator}"
    return ratio_text(number.numerator, number.denominator)


@lru_cache(maxsize=1024)
def _decimal_places(denominator: int) -> int | None:
    """How many decimals 1/denominator has; None when they never end (it has a prime factor besides 2 and 5)."""
    rest, twos, fives = denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None
