"""PostgreSQL's user: never root, and let in wherever the checkout is. As a normal user all of this is one case."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.os_user import choose
from stack.postgres import program

ENTER = 'cd -- "$1" && id -u'


@pytest.fixture(params=[0o755, 0o700], ids=["open parent", "closed parent"])
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="laurel-user-") as parent:
        made = Path(parent) / "data"
        made.mkdir(mode=0o700)
        Path(parent).chmod(request.param)
        yield made


@pytest.mark.parametrize("commands", [("unshare", "setpriv"), ("setpriv",)], ids=["namespace", "capability"])
def test_the_user_is_not_root_and_may_enter(
    folder: Path, commands: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, commands, monkeypatch)
    run_as = choose(program("postgres"), [folder])
    entered = run_as.run(["sh", "-c", ENTER, "sh", str(folder)])
    assert (entered.returncode, entered.stderr) == (0, "")
    assert int(entered.stdout) != 0


def test_what_the_user_cannot_reach_is_named_with_the_way_out(folder: Path) -> None:
    absent = str(folder / "postgres")
    if os.geteuid() != 0:
        assert choose(absent, [folder]).prefix == ()
        return
    with pytest.raises(StackError, match=r"cannot reach .*LAUREL_DATABASE_URL"):
        choose(absent, [folder])


def test_files_are_given_to_the_owner_with_all_that_is_in_them(folder: Path) -> None:
    (folder / "base").mkdir()
    (folder / "base" / "1").touch()
    run_as = choose(program("postgres"), [folder])
    run_as.own(folder)
    owners = {path.stat().st_uid for path in (folder, *folder.rglob("*"))}
    assert owners == {run_as.owner[0]}


def offer(folder: Path, commands: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only these commands, and the few that the probes need, are on PATH."""
    for name in ("sh", "test", "id", *commands):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
