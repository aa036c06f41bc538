"""Every command explains itself, with examples that it would take."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from cli.examples import EXAMPLES
from cli.main import COMMANDS, _load


def _leaves(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if not inner:
        yield path, command
        return
    for name, child in inner.items():
        yield from _leaves(f"{path} {name}", child)


LEAVES = dict(leaf for name in COMMANDS for leaf in _leaves(name, _load(name)))


def test_every_command_has_examples_and_no_other() -> None:
    assert set(EXAMPLES) == set(LEAVES)


@pytest.mark.parametrize("path", LEAVES)
def test_examples_use_options_that_the_command_has(path: str) -> None:
    options = {name for parameter in LEAVES[path].params for name in parameter.opts}
    for example in EXAMPLES[path]:
        words = shlex.split(example.line)
        assert f"laurel {path}" in example.line
        assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("path", LEAVES)
def test_the_help_ends_with_the_examples(path: str) -> None:
    assert all(example.line in LEAVES[path].epilog for example in EXAMPLES[path])
