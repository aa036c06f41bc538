"""PostgreSQL refuses to run as root; here is whom it runs as instead, and how that user gets to its files."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

CANDIDATES = ("postgres", "nobody")
ENTERED_BY_GROUP = 0o710


@dataclass(frozen=True, slots=True)
class RunAs:
    """How to start PostgreSQL's programs: what goes before the command, and the user that Popen switches to."""

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
        """Give a file or folder to the user, whichever way it is started."""
        if os.geteuid() == 0:
            account = _account()
            os.chown(path, account.pw_uid, account.pw_gid)


def choose(program: str, folders: Sequence[Path]) -> RunAs:
    """How to run `program` on files in `folders`, which exist.

    A normal user runs it as they are. Root steps down to another user, whose group may enter the folders; when that
    user still cannot reach them or the program (a checkout under /root), it is given the one capability to read and
    search what root can.
    """
    if os.geteuid() != 0:
        return RunAs()
    account = _account()
    for folder in folders:
        os.chown(folder, 0, account.pw_gid)
        folder.chmod(ENTERED_BY_GROUP)
    for run_as in (RunAs((account.pw_uid, account.pw_gid)), _with_capability(account)):
        if run_as and _reaches(run_as, program, folders):
            return run_as
    raise StackError(
        f"PostgreSQL does not run as root, and the user {account.pw_name} cannot reach {program} and {folders[0]}. "
        "Start Laurel as a normal user, move the checkout to a folder that others may enter, "
        "or set LAUREL_DATABASE_URL to use a PostgreSQL of your own."
    )


def _account() -> pwd.struct_passwd:
    for name in CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StackError(f"PostgreSQL does not run as root, and none of the users {', '.join(CANDIDATES)} exists")


def _with_capability(account: pwd.struct_passwd) -> RunAs | None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return None
    ids = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    return RunAs(prefix=(setpriv, *ids, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"))


def _reaches(run_as: RunAs, program: str, folders: Sequence[Path]) -> bool:
    probes = [[program, "--version"], *(["test", "-x", f"{folder}/."] for folder in folders)]
    try:
        return all(run_as.run(probe).returncode == 0 for probe in probes)
    except OSError:
        return False
