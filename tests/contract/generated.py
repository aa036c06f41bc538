"""Runs Schemathesis, all checks and phases, against a running API, from the document that the API itself serves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALL_PHASES = "examples,coverage,fuzzing,stateful"
MAX_SECONDS = 3_000
EXPECTED_OF_VALID_DATA = ("2xx", 401, 403, 404, 409, 422, 429)
"""422 too: no JSON Schema can say that a merchant exists, that items sum to the amount, whose list a cursor is of."""
TAKING_TEXT = ["import_transactions", "upload_vouchers"]
"""Bodies of CSV and NDJSON: a schema cannot say more of them than that they are text."""
HOSTILE = (
    "'; drop table member; --",
    "../../etc/passwd",
    "{{7*7}}",
    "%00",
    "\u202e",
    "-0",
    "1e400",
    "9" * 40,
    "\U0001f4a5" * 60,
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a run came to. `failures` are told as Schemathesis tells them."""

    cases: int
    operations: int
    failures: tuple[str, ...]


def run_schemathesis(
    url: str,
    token: str,
    known: Mapping[str, Sequence[str]],
    folder: Path,
    *,
    operations: Sequence[str],
    examples: int,
    seed: int,
    without: Sequence[str] = (),
    phases: str = ALL_PHASES,
) -> Tried:
    """Tries `examples` requests of each operation in each phase: of `operations`, else of all save those `without`.

    `known` has ids that exist, by the name of their path parameter.
    """
    folder.mkdir()
    config, report = folder / "schemathesis.toml", folder / "report.json"
    config.write_text(_config(known))
    chosen = [part for name in operations for part in ("--include-operation-id", name)]
    chosen += [part for name in without for part in ("--exclude-operation-id", name)]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{url}/openapi.json"),
            *("--checks", "all", "--continue-on-failure", "--phases", phases, "--no-color"),
            *("--max-examples", str(examples), "--seed", str(seed), "--report-json-path", str(report)),
            *("--header", f"Authorization: Bearer {token}", *chosen),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    return _told(json.loads(report.read_text()), done.returncode, done.stdout)


def _config(known: Mapping[str, Sequence[str]]) -> str:
    dictionaries = {"hostile": HOSTILE, **known, "ids": [each for ids in known.values() for each in ids]}
    lines = [
        'suppress-health-check = ["all"]',
        "max-stream-events = 1",
        "request-timeout = 30",
        "",
        "[generation]",
        "allow-x00 = false",
        "",
    ]
    lines += ["[generation.dictionaries]", 'string = { dictionary = "hostile", probability = 0.05 }', ""]
    lines += ["[checks.positive_data_acceptance]", _expected(EXPECTED_OF_VALID_DATA), "", "[parameters]"]
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.6 }}' for name in known]
    for name, values in dictionaries.items():
        lines += ["", f"[dictionaries.{name}]", f"values = {json.dumps(list(values), ensure_ascii=False)}"]
    lines += ["", "[[operations]]", f"include-operation-id = {json.dumps(TAKING_TEXT)}"]
    lines += ["[operations.checks.positive_data_acceptance]", _expected((*EXPECTED_OF_VALID_DATA, 400))]
    return "\n".join(lines) + "\n"


def _expected(statuses: Sequence[str | int]) -> str:
    return f"expected-statuses = {json.dumps(statuses)}"


def _told(report: Any, status: int, output: str) -> Tried:
    failures = tuple(f"{each['title']}: {', '.join(each['operations'])}" for each in report["failures"])
    if status != 0 or not report["complete"]:
        failures = (*failures, output)
    return Tried(report["test_cases"]["generated"], report["operations"]["tested"], failures)
