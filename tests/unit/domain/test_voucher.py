"""Voucher codes: readable, as random as their bytes, and typing mistakes are found."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty.domain.voucher import RANDOM_BYTES, InvalidVoucherCode, read_voucher_code, voucher_code

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
random_bytes = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
places = st.integers(0, 15)


def put(code: str, characters: dict[int, str]) -> str:
    bare = list(code.replace("-", ""))
    for place, character in characters.items():
        bare[place] = character
    return "".join(bare)


@given(random_bytes)
def test_a_code_has_its_form_and_reads_as_itself(random: bytes) -> None:
    code = voucher_code(random)
    assert re.fullmatch(f"([{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", code)
    assert read_voucher_code(code) == code


@given(random_bytes)
def test_people_may_type_it_their_way(random: bytes) -> None:
    code = voucher_code(random)
    typed = code.replace("0", "o").replace("1", "l").replace("-", " ").lower()
    assert read_voucher_code(f" {typed} ") == code


@given(random_bytes, random_bytes)
def test_different_bits_make_different_codes(one: bytes, other: bytes) -> None:
    used = [int.from_bytes(random, "big") >> 5 for random in (one, other)]
    assert (voucher_code(one) == voucher_code(other)) == (used[0] == used[1])


@given(random_bytes, places, st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(random: bytes, place: int, character: str) -> None:
    code = voucher_code(random)
    wrong = put(code, {place: character})
    assume(wrong != code.replace("-", ""))
    with pytest.raises(InvalidVoucherCode):
        read_voucher_code(wrong)


@given(random_bytes, places, places)
def test_any_two_characters_that_changed_places_are_found(random: bytes, one: int, other: int) -> None:
    bare = voucher_code(random).replace("-", "")
    assume(bare[one] != bare[other])
    with pytest.raises(InvalidVoucherCode):
        read_voucher_code(put(bare, {one: bare[other], other: bare[one]}))


@pytest.mark.parametrize("text", ["", "-", "0000", "0" * 17, "U" * 16, "ß" * 8, "0000-0000-0000-000!", "٠" * 16])
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(InvalidVoucherCode):
        read_voucher_code(text)


def test_a_code_needs_its_number_of_bytes() -> None:
    with pytest.raises(ValueError, match="10 bytes, not 9"):
        voucher_code(bytes(9))
