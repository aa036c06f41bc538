"""Money: exact, both ways, in every currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.money import EXPONENTS, InvalidAmount, UnknownCurrency, exponent_of, from_minor, to_minor

currencies = st.sampled_from(sorted(EXPONENTS))


@given(st.integers(-(10**14 - 1), 10**14 - 1), currencies)
def test_minor_units_written_read_back(amount_minor: int, currency: str) -> None:
    assert to_minor(from_minor(amount_minor, currency), currency) == amount_minor


@given(st.integers(0, 10**12), currencies)
def test_an_amount_is_written_with_its_currencys_decimals(amount_minor: int, currency: str) -> None:
    _, _, decimals = from_minor(amount_minor, currency).partition(".")
    assert len(decimals) == exponent_of(currency)


@pytest.mark.parametrize(
    ("amount", "currency", "amount_minor"),
    [
        ("12.34", "GBP", 1234),
        ("12.3", "GBP", 1230),
        ("12", "GBP", 1200),
        ("0.01", "GBP", 1),
        ("-0.01", "GBP", -1),
        ("007.50", "GBP", 750),
        ("12", "JPY", 12),
        ("1.234", "BHD", 1234),
        ("1.2345", "CLF", 12345),
        ("0" * 5_000 + "1", "GBP", 100),
        ("99999999999999.9999", "CLF", 999999999999999999),
    ],
)
def test_amounts_that_are_read(amount: str, currency: str, amount_minor: int) -> None:
    assert to_minor(amount, currency) == amount_minor


BAD_AMOUNTS = [
    "",
    " 1",
    "1 ",
    "1.",
    ".5",
    "+1",
    "--1",
    "1e2",
    "NaN",
    "Infinity",
    "1,50",
    "1_0",
    "0x1",
    "1.001",
    "1.000",
]
BAD_AMOUNTS += ["٣", "1\n", "1\0", "100000000000000", "9" * 10_000]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=range(len(BAD_AMOUNTS)))
def test_amounts_that_are_refused(amount: str) -> None:
    with pytest.raises(InvalidAmount):
        to_minor(amount, "GBP")


def test_a_currency_without_decimals_takes_none() -> None:
    with pytest.raises(InvalidAmount, match="JPY has 0 decimals, not 1"):
        to_minor("12.0", "JPY")


@pytest.mark.parametrize("currency", ["", "gbp", "XXX", "XAU", "GB", "GBPX"])
def test_currencies_that_are_none(currency: str) -> None:
    with pytest.raises(UnknownCurrency):
        to_minor("1", currency)
    with pytest.raises(UnknownCurrency):
        from_minor(1, currency)


def test_zero_has_no_sign() -> None:
    assert from_minor(to_minor("-0.00", "GBP"), "GBP") == "0.00"
