"""Kafka's jars: which ones (kafka_jars.json, with their SHA-256), where they are kept, how they get there.

The list is resolved once by `python -m stack.jars` (part of `make lock`) and committed, so a start downloads what was
reviewed or nothing: a jar whose digest differs is refused. A jar appears in the cache whole, so that stacks can share
the cache and a download that was cut off leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import platformdirs
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext
from jgo.parse import Coordinate

from stack.errors import StackError

KAFKA_VERSION = "4.3.1"
ROOTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
)
LOCK_FILE = Path(__file__).parent / "kafka_jars.json"
DOWNLOADS_AT_ONCE = 6
ATTEMPTS = 3
REQUEST_TIMEOUT_SECONDS = 30

Progress = Callable[[int, int], None]
"""Told how many jars of how many are there."""


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked_jars() -> list[Jar]:
    """The committed list."""
    return [Jar(**entry) for entry in json.loads(LOCK_FILE.read_text())]


def cache_folder(fallback: Path) -> Path:
    """Where jars are kept for all stacks of the user; `fallback` when the user has no place to write."""
    for folder in (platformdirs.user_cache_path("laurel") / "kafka", fallback):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise StackError(f"no folder for Kafka's jars can be written, not even {fallback}")


def ensure_jars(jars: Sequence[Jar], folder: Path, progress: Progress) -> list[Path]:
    """The paths of `jars` in `folder`, in their order; those that are missing are downloaded.

    Raises StackError when one cannot be downloaded or is not what was locked.
    """
    missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
    if missing:
        _download_all(missing, folder, lambda done: progress(len(jars) - len(missing) + done, len(jars)))
    return [folder / jar.file_name for jar in jars]


def _download_all(jars: Sequence[Jar], folder: Path, progress: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        downloads = [pool.submit(_download, jar, folder) for jar in jars]
        progress(0)
        try:
            for done, download in enumerate(as_completed(downloads), start=1):
                download.result()
                progress(done)
        finally:
            pool.shutdown(cancel_futures=True)


def _download(jar: Jar, folder: Path) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _download_once(jar, folder)
        except (OSError, RuntimeError) as error:
            # requests' own errors are OSErrors
            if attempt == ATTEMPTS:
                raise StackError(
                    f"{jar.file_name} of Kafka cannot be downloaded: {error}. "
                    "Check the network, or set LAUREL_KAFKA_BOOTSTRAP to use a Kafka of your own."
                ) from error
    return None


def _download_once(jar: Jar, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as draft:
        maven = _maven(Path(draft))
        downloaded = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        if (found := _sha256(downloaded)) != jar.sha256:
            raise StackError(f"{jar.file_name} is not the file that was locked: SHA-256 {found}, not {jar.sha256}")
        downloaded.replace(folder / jar.file_name)


def _maven(repository: Path) -> MavenContext:
    if certificates := os.environ.get("SSL_CERT_FILE"):
        # requests knows this under another name only
        os.environ.setdefault("REQUESTS_CA_BUNDLE", certificates)
    mirror = os.environ.get("LAUREL_MAVEN_URL", MAVEN_CENTRAL_URL)
    return MavenContext(
        repo_cache=repository, remote_repos={"central": mirror.rstrip("/")}, timeout=REQUEST_TIMEOUT_SECONDS
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve() -> list[Jar]:
    """Walk the dependencies of ROOTS and name every jar that Kafka needs to run, in the order of a class path.

    Each root is resolved alone: resolved together, the versions that one manages would change those of the other.
    The first root's choice of a version stands.
    """
    with tempfile.TemporaryDirectory() as repository:
        maven = _maven(Path(repository))
        jars: dict[tuple[str, str], Jar] = {}
        for root in ROOTS:
            dependency = maven.create_dependency(replace(Coordinate.parse(root), scope="compile"))
            inputs, transitive = maven.resolver.resolve([dependency])
            for one in (*inputs, *(found for found in transitive if found.scope in ("compile", "runtime"))):
                if (one.groupId, one.artifactId) not in jars:
                    digest = _sha256(one.artifact.resolve())
                    jars[one.groupId, one.artifactId] = Jar(one.groupId, one.artifactId, one.version, digest)
    return list(jars.values())


if __name__ == "__main__":
    LOCK_FILE.write_text(json.dumps([asdict(jar) for jar in resolve()], indent=1) + "\n")
    print(f"{LOCK_FILE.name}: {len(locked_jars())} jars of Kafka {KAFKA_VERSION}")
