"""PostgreSQL refuses to run as root; here is whom it runs as instead, and how that user gets to its files."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.home import FOLDER_MODE

CANDIDATES = ("postgres", "nobody")
ENTERED_BY_GROUP = 0o710


@dataclass(frozen=True, slots=True)
class RunAs:
    """How to start PostgreSQL's programs: what goes before the command, the ids that Popen switches to, and who owns
    the files they work on, as seen from here."""

    owner: tuple[int, int]
    ids: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()

    def run(self, command: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run to the end and collect the output; it is for the caller to look at the status."""
        user, group = self.ids or (None, None)
        return subprocess.run(
            [*self.prefix, *command],
            input=stdin,
            capture_output=True,
            text=True,
            cwd="/",
            user=user,
            group=group,
            extra_groups=[] if self.ids else None,
            check=False,
        )

    def own(self, path: Path) -> None:
        """Give a file, or a folder with all that is in it, to the owner, unless it is theirs."""
        if path.stat().st_uid != self.owner[0]:
            for found in (path, *path.rglob("*")):
                os.chown(found, *self.owner, follow_symlinks=False)


def choose(program: str, folders: Sequence[Path]) -> RunAs:
    """How to run `program` on files in `folders`, which exist.

    A normal user runs it as they are; root steps down, by the first way that reaches program and folders.
    Raises StackError when none does.
    """
    if os.geteuid() != 0:
        return RunAs((os.geteuid(), os.getegid()))
    account = _account()
    for run_as in _ways_down(account):
        _let_in(run_as, folders)
        if _reaches(run_as, program, folders):
            return run_as
    raise StackError(
        f"PostgreSQL does not run as root, and the user {account.pw_name} cannot reach {program} and {folders[0]}. "
        "Start Laurel as a normal user, move the checkout to a folder that others may enter, "
        "or set LAUREL_DATABASE_URL to use a PostgreSQL of your own."
    )


def _ways_down(account: pwd.struct_passwd) -> Iterator[RunAs]:
    """As another user; where that one may not enter (a checkout under /root), as root behind a user namespace in
    which it has the other's name; else as the other user with the capability to read and search what root can."""
    ids = account.pw_uid, account.pw_gid
    yield RunAs(owner=ids, ids=ids)
    if unshare := shutil.which("unshare"):
        yield RunAs((0, 0), prefix=(unshare, "--user", f"--map-user={ids[0]}", f"--map-group={ids[1]}", "--"))
    if setpriv := shutil.which("setpriv"):
        become = (f"--reuid={ids[0]}", f"--regid={ids[1]}", "--clear-groups")
        keep = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
        yield RunAs(ids, prefix=(setpriv, *become, *keep, "--"))


def _account() -> pwd.struct_passwd:
    for name in CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StackError(f"PostgreSQL does not run as root, and none of the users {', '.join(CANDIDATES)} exists")


def _let_in(run_as: RunAs, folders: Sequence[Path]) -> None:
    """The owner's group may enter the folders, when the owner is another than we."""
    for folder in folders:
        os.chown(folder, 0, run_as.owner[1])
        folder.chmod(ENTERED_BY_GROUP if run_as.owner[0] else FOLDER_MODE)


def _reaches(run_as: RunAs, program: str, folders: Sequence[Path]) -> bool:
    # initdb asks access(2) whether it may run postgres, which knows no capabilities; folders are only entered
    enter = [["sh", "-c", 'cd -- "$1"', "sh", str(folder)] for folder in folders]
    try:
        return all(
            run_as.run(probe).returncode == 0 for probe in ([program, "--version"], ["test", "-x", program], *enter)
        )
    except OSError:
        return False
