"""The stack's folder: closed to others, files whole or not at all, one holder at a time."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from stack import credentials
from stack.errors import AlreadyRunningError, StackError
from stack.home import Home
from stack.state import StackState, load, save

NAMES = st.from_regex(r"LAUREL_[A-Z]{1,10}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="'\\"), max_size=40)

HOLDER = """
import sys
from stack.home import Home, Path
with Home.at(Path(sys.argv[1])).hold():
    print("held", flush=True)
    input()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.at(tmp_path / "laurel")
    made.create()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_and_files_are_for_the_user_alone(home: Home) -> None:
    previous = os.umask(0)
    try:
        home.create()
        credentials.load_or_make(home)
        save(home, StackState(1, 2.0))
    finally:
        os.umask(previous)
    folders = [home.path, home.data, home.settings, home.log("x").parent]
    assert {mode(folder) for folder in folders} == {0o700}
    assert {mode(file) for file in (home.secrets_file, home.state_file)} == {0o600}


def test_a_folder_that_was_opened_to_others_is_closed_again(home: Home) -> None:
    home.path.chmod(0o755)
    home.create()
    assert mode(home.path) == 0o700


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(home: Home) -> None:
    home.write(home.env_file, "old")
    with pytest.raises(UnicodeEncodeError):
        home.write(home.env_file, "\ud800")
    assert home.env_file.read_text() == "old"
    assert not [path for path in home.path.iterdir() if path.name.startswith(".env")]


def test_the_folder_has_one_holder(home: Home) -> None:
    assert not home.is_held()
    with home.hold():
        assert home.is_held()
        with pytest.raises(AlreadyRunningError), home.hold():
            pass
    assert not home.is_held()


def test_a_killed_holder_holds_no_more(home: Home) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    with holder.stdin, holder.stdout:
        assert holder.stdout.readline() == b"held\n"
        assert home.is_held()
        holder.kill()
        holder.wait()
    assert not home.is_held()


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_variables_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> None:
    home = Home.at(tmp_path_factory.mktemp("home"))
    home.write_variables(home.env_file, variables)
    assert home.read_variables(home.env_file) == variables
    assert dotenv_values(home.env_file, interpolate=False) == variables


@given(VALUES)
def test_a_shell_reads_the_same(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    home = Home.at(tmp_path_factory.mktemp("home"))
    home.write_variables(home.env_file, {"LAUREL_X": value})
    assert shlex.split(home.env_file.read_text()) == [f"LAUREL_X={value}"]


@pytest.mark.parametrize("value", ["it's", "a\\b", "two\nlines", "nul\0"])
def test_what_a_shell_and_python_would_read_differently_is_refused(home: Home, value: str) -> None:
    with pytest.raises(StackError, match="LAUREL_X"):
        home.write_variables(home.env_file, {"LAUREL_X": value})
    assert not home.env_file.exists()


def test_credentials_are_made_once_long_and_never_shown(home: Home) -> None:
    made = credentials.load_or_make(home)
    assert credentials.load_or_make(home) == made
    assert len({made.postgres_password, made.database_password, made.redis_password, made.signing_key}) == 4
    assert len(made.signing_key) >= 43
    assert made.signing_key not in repr(made)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"processes": [{"name": "x", "colour": 1}]}'])
def test_a_state_that_cannot_be_read_is_none(home: Home, text: str) -> None:
    home.write(home.state_file, text)
    assert load(home) is None
