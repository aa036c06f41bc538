"""Every example of docs/rules.md is true."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from loyalty.domain.rules import InvalidRule, parse_rule
from tests.unit.domain.cases import evaluate, shares_by_name

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"
EXAMPLES: list[dict[str, Any]] = [
    json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
]
AWARDS = [example for example in EXAMPLES if "award" in example]
DEFINITIONS = [example for example in EXAMPLES if "definition" in example]


def test_the_page_has_examples_of_both_kinds_and_no_other() -> None:
    assert len(AWARDS) >= 15
    assert len(DEFINITIONS) >= 3
    assert len(AWARDS) + len(DEFINITIONS) == len(EXAMPLES)


@pytest.mark.parametrize("example", AWARDS, ids=range(len(AWARDS)))
def test_example_award(example: dict[str, Any]) -> None:
    award, expected = evaluate(example), example["award"]
    receipt = award.receipt.to_json()
    assert award.points == expected["points"]
    assert shares_by_name(award, example) == expected["shares"]
    for key, value in expected.get("receipt", {}).items():
        assert receipt[key] == value, key


@pytest.mark.parametrize("example", DEFINITIONS, ids=range(len(DEFINITIONS)))
def test_example_definition(example: dict[str, Any]) -> None:
    assert pointers_of_errors(example["definition"]) == example["errors"]


def pointers_of_errors(definition: dict[str, Any]) -> list[str]:
    try:
        parse_rule(definition)
    except InvalidRule as invalid:
        return [pointer for pointer, _ in invalid.errors]
    return []
