"""Voucher codes: 75 random bits in Crockford's base 32, a check character, four groups of four: 7ZZK-0M3Q-9XAB-C2DE.

The check character is a checksum over GF(32): each character is weighted by its own power of the field's generator and
the sum of all sixteen is zero. The weights are distinct and not zero, so any one wrong character and any two characters
that changed places, neighbours or not, are found.
"""

from loyalty.errors import LaurelError

RANDOM_BYTES = 10
"""Random bytes a code is made of; the last five bits are not used."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CHARACTERS = 16
_GROUP = 4
_FIELD_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)


class InvalidVoucherCode(LaurelError):
    """This is not a voucher code: look for a mistyped character."""

    code = "invalid_voucher_code"


def voucher_code(random: bytes) -> str:
    """The code of RANDOM_BYTES random bytes. Raises ValueError for another number of them."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a voucher code is made of {RANDOM_BYTES} bytes, not {len(random)}")
    bits = int.from_bytes(random, "big") >> 5
    digits = [(bits >> (5 * place)) & 31 for place in reversed(range(_CHARACTERS - 1))]
    return _grouped([*digits, _times_generator(_checksum(digits))])


def read_voucher_code(text: str) -> str:
    """The code as it is stored, from what a person typed: any case, spaces and hyphens, O for 0, I and L for 1.

    Raises InvalidVoucherCode when a character is none of the alphabet's, one is missing, or the check fails.
    """
    characters = text.upper().translate(_READ_AS) if text.isascii() else ""
    digits = [_VALUES.get(character, -1) for character in characters]
    if len(digits) != _CHARACTERS or -1 in digits or _checksum(digits):
        raise InvalidVoucherCode
    return _grouped(digits)


def _grouped(digits: list[int]) -> str:
    characters = "".join(_ALPHABET[digit] for digit in digits)
    return "-".join(characters[start : start + _GROUP] for start in range(0, _CHARACTERS, _GROUP))


def _checksum(digits: list[int]) -> int:
    total = 0
    for digit in digits:
        total = _times_generator(total) ^ digit
    return total


def _times_generator(element: int) -> int:
    doubled = element << 1
    return doubled ^ _FIELD_POLYNOMIAL if doubled > 31 else doubled
