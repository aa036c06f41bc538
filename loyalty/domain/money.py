"""Money: a decimal string with its currency at the edge, integer minor units inside. No float, ever.

The number of decimals of a currency is its exponent in ISO 4217 (list one of the standard, funds and metals left out).
"""

import re
from functools import lru_cache

from loyalty.errors import LaurelError

MAX_AMOUNT_DIGITS = 14
"""Digits before the decimal point: with the four decimals of some an amount still fits a 64-bit integer."""

_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO_DECIMALS = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC
    CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
    KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"

EXPONENTS: dict[str, int] = {
    code: exponent
    for codes, exponent in ((_NO_DECIMALS, 0), (_TWO_DECIMALS, 2), (_THREE_DECIMALS, 3), (_FOUR_DECIMALS, 4))
    for code in codes.split()
}
"""Decimals of each currency, by its ISO 4217 code."""

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


class UnknownCurrency(LaurelError):
    """This is not a currency of ISO 4217."""

    code = "unknown_currency"


class InvalidAmount(LaurelError):
    """This is not an amount of money in its currency."""

    code = "invalid_amount"


def exponent_of(currency: str) -> int:
    """How many decimals `currency` has. Raises UnknownCurrency."""
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise UnknownCurrency(f"{currency!r} is not a currency code of ISO 4217", currency=currency)
    return exponent


@lru_cache(maxsize=16_384)
def to_minor(amount: str, currency: str) -> int:
    """The minor units of a decimal string: "12.34" GBP is 1234, "12" JPY is 12.

    Fewer decimals than the currency has are fine, more are refused even if they are zeros.
    Raises UnknownCurrency, InvalidAmount.
    """
    exponent = exponent_of(currency)
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise InvalidAmount(f"{amount[:40]!r} is not a decimal number such as 12.34", currency=currency)
    sign, whole, decimals = match[1], match[2].lstrip("0"), match[3] or ""
    if len(decimals) > exponent:
        raise InvalidAmount(f"{currency} has {exponent} decimals, not {len(decimals)}", currency=currency)
    if len(whole) > MAX_AMOUNT_DIGITS:
        raise InvalidAmount(f"an amount has at most {MAX_AMOUNT_DIGITS} digits before the point", currency=currency)
    minor = int("0" + whole + decimals.ljust(exponent, "0"))
    return -minor if sign else minor


@lru_cache(maxsize=16_384)
def from_minor(amount_minor: int, currency: str) -> str:
    """The decimal string of minor units, with all the decimals of its currency. Raises UnknownCurrency."""
    exponent = exponent_of(currency)
    if not exponent:
        return str(amount_minor)
    digits = str(abs(amount_minor)).rjust(exponent + 1, "0")
    return f"{'-' if amount_minor < 0 else ''}{digits[:-exponent]}.{digits[-exponent:]}"
