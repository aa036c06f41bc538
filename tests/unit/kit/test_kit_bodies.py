"""JSON that two readers could understand differently is refused, and nothing else is."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kit.bodies import DEPTH_LIMIT, pointer, read_json, validated, validated_query
from api.kit.errors import InvalidQuery, MalformedRequest
from loyalty.errors import Invalid, LaurelError
from schemas.common import PageQuery
from schemas.customer import NewTransaction

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(VALUES)
def test_every_json_value_is_read(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(LaurelError):
        read_json(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b"[Infinity]",
        b"-Infinity",
        b'{"a": 1, "a": 1}',
        b'[{"b": {"a": 1, "\\u0061": 2}}]',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"a\x00b"',
        b"9" * 5_000,
        b"[" * 33 + b"]" * 33,
        b"[" * 200_000,
        b'{"a":' * 200_000,
    ],
)
def test_what_is_not_strict_json_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read_json(raw)


def test_nesting_is_allowed_up_to_its_limit() -> None:
    deepest = b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT
    assert read_json(deepest)
    with pytest.raises(MalformedRequest):
        read_json(b"[" + deepest + b"]")


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        (rb'{"a": [1, "\u0000"]}', "/a/1"),
        (rb'{"a/b~": "\ud800"}', "/a~1b~0"),
        (rb'{"\udfff": 1}', "/?"),
        (rb'{"\u0000": 1}', "/�"),
        (rb'"\u0000"', ""),
    ],
)
def test_text_that_cannot_be_stored_is_pointed_at(raw: bytes, at: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_json(raw)
    assert refused.value.errors[0][0] == at


def test_escapes_that_only_look_like_it_are_fine() -> None:
    assert read_json(rb'"\\u0000 \ud83d\ude00"') == "\\u0000 😀"


@given(VALUES)
def test_no_value_breaks_the_validation(value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        validated(NewTransaction, json.dumps(value).encode())
    assert all(detail for _, detail in refused.value.errors)
    assert len(refused.value.errors) <= 50


def test_a_query_says_which_parameter_is_wrong() -> None:
    assert validated_query(PageQuery, {"limit": ["7"]}).limit == 7
    for arguments in ({"limit": ["x"]}, {"limit": ["1", "2"]}, {"limit": ["\x00"]}):
        with pytest.raises(InvalidQuery) as refused:
            validated_query(PageQuery, arguments)
        assert refused.value.errors[0][0] == "/limit" or refused.value.errors[0][0].startswith("/limit")


def test_pointers_escape_what_would_split_them() -> None:
    assert pointer(("a/b", 0, "~c")) == "/a~1b/0/~0c"
