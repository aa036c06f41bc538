"""Cursors come back as they went out, to the list they are of, or are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from api.kit.errors import InvalidQuery
from api.kit.pages import Cursors

CURSORS = Cursors(SecretStr("k" * 43))


@given(st.text(max_size=60), st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_cursor_holds_its_position(scope: str, position: str) -> None:
    scope = scope.encode("utf-8", "replace").decode()
    assert CURSORS.read(scope, CURSORS.write(scope, position)) == position


@given(st.text(max_size=300))
def test_what_was_made_up_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidQuery):
        CURSORS.read("scope", cursor)


@given(st.data())
def test_what_was_changed_is_refused(data: st.DataObject) -> None:
    cursor = CURSORS.write("scope", "019a0000-0000-7000-8000-000000000001")
    at = data.draw(st.integers(0, len(cursor) - 1))
    changed = cursor[:at] + data.draw(st.sampled_from("ABCabc019-_=+/")) + cursor[at + 1 :]
    if changed != cursor:
        with pytest.raises(InvalidQuery):
            CURSORS.read("scope", changed)


def test_a_cursor_of_another_list_or_key_is_refused() -> None:
    for scope, cursors in [("other", CURSORS), ("scope", Cursors(SecretStr("o" * 43)))]:
        with pytest.raises(InvalidQuery):
            CURSORS.read("scope", cursors.write(scope, "1"))


@given(st.integers(0, 10), st.integers(1, 10))
def test_a_page_is_cut_where_more_rows_follow(count: int, limit: int) -> None:
    page, cursor = CURSORS.cut("scope", list(range(count)), limit, str)
    assert list(page) == list(range(min(count, limit)))
    assert (cursor is not None) == (count > limit)
    assert CURSORS.read("scope", cursor) == (str(limit - 1) if count > limit else None)
