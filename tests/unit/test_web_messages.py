"""The words of the web apps: both languages say everything, and neither speaks the other's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stack.node import WEB

ADMIN = WEB / "apps" / "admin" / "src" / "messages"
TEXT = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)')
QUOTED_KEY = re.compile(r'"([\w.:*-]+)":')
KEY = re.compile(r"([\w.]+)\s*:")
NO_KEYS = re.compile(r": typeof [\w.]+|\([^()]*\)\s*=>")
FILLED_IN = re.compile(r"\$\{[^}]*\}")
ENGLISH = re.compile(
    r"\b(the|this|that|with|from|your|you|nothing|are|was|were|which|cannot|not|yet|and)\b", re.IGNORECASE
)
SAME_IN_BOTH = {"was"}
FILES = sorted(file.name for file in (ADMIN / "en").glob("*.ts"))


def _source(file: Path) -> str:
    return QUOTED_KEY.sub(lambda key: key[1].replace(":", ".") + ":", file.read_text())


def _keys(file: Path) -> list[str]:
    return KEY.findall(NO_KEYS.sub("", TEXT.sub("", _source(file))))


def _texts(file: Path) -> list[str]:
    return [FILLED_IN.sub("", quoted or ticked) for quoted, ticked in TEXT.findall(_source(file))]


@pytest.mark.parametrize("name", FILES)
def test_both_languages_have_the_same_keys(name: str) -> None:
    assert sorted(_keys(ADMIN / "de" / name)) == sorted(_keys(ADMIN / "en" / name))


@pytest.mark.parametrize("name", FILES)
def test_no_english_is_left_in_german(name: str) -> None:
    found = [text for text in _texts(ADMIN / "de" / name) if set(map(str.lower, ENGLISH.findall(text))) - SAME_IN_BOTH]
    assert found == []


def test_both_languages_have_the_same_files() -> None:
    assert sorted(file.name for file in (ADMIN / "de").glob("*.ts")) == FILES
    assert FILES
