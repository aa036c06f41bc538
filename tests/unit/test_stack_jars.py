"""Kafka's jars: what was locked or nothing, and a download that fails leaves nothing behind."""

from __future__ import annotations

import gc
import hashlib
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stack import jars
from stack.errors import StackError
from stack.jars import Jar, cache_folder, ensure_jars, locked_jars

CONTENT = b"as reviewed"
GOOD = Jar("org.example", "good", "1.0", hashlib.sha256(CONTENT).hexdigest())


class Repository(BaseHTTPRequestHandler):
    """Serves good-1.0.jar as it should be, changed-1.0.jar with other content, cut-1.0.jar without its end."""

    def do_GET(self) -> None:
        name, is_digest = Path(self.path.removesuffix(".sha1")).name, self.path.endswith(".sha1")
        content = {"good-1.0.jar": CONTENT, "changed-1.0.jar": b"something else", "cut-1.0.jar": CONTENT}.get(name)
        if content is None:
            self.send_error(404)
            return
        body = hashlib.sha1(content).hexdigest().encode() if is_digest else content
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:3] if name == "cut-1.0.jar" and not is_digest else body)

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Repository)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("LAUREL_MAVEN_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield
    server.shutdown()
    thread.join()
    server.server_close()
    # the resolver leaves the answer of a failed download to the garbage collector
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


def ignore(done: int, total: int) -> None:
    """No progress is shown."""


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_is_missing_is_downloaded_and_then_kept(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        paths = ensure_jars([GOOD], tmp_path, lambda done, total: seen.append((done, total)))
        assert [path.read_bytes() for path in paths] == [CONTENT]
    assert seen == [(0, 1), (1, 1)]


@pytest.mark.parametrize(
    ("artifact", "message"),
    [
        ("changed", "is not the file that was locked"),
        ("cut", "cannot be downloaded"),
        ("absent", "cannot be downloaded"),
    ],
)
def test_anything_else_is_refused_and_leaves_nothing(tmp_path: Path, artifact: str, message: str) -> None:
    with pytest.raises(StackError, match=message):
        ensure_jars([Jar("org.example", artifact, "1.0", GOOD.sha256)], tmp_path, ignore)
    assert files(tmp_path) == []


def test_the_lock_names_one_version_of_everything_kafka_needs() -> None:
    locked = {jar.artifact: jar for jar in locked_jars()}
    assert len(locked) == len(locked_jars())
    assert {locked[name].version for name in ("kafka_2.13", "kafka-clients", "kafka-server")} == {jars.KAFKA_VERSION}
    assert "log4j-slf4j-impl" in locked


def test_the_cache_falls_back_to_the_stack_when_the_user_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder(tmp_path / "own") == tmp_path / "own"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder(tmp_path / "own") == tmp_path / "cache" / "laurel" / "kafka"
