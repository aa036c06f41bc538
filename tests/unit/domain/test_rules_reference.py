"""Laurel's evaluation and the naive one agree, case after case."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.domain.cases import evaluate, shares_by_name
from tests.unit.domain.reference import reference_award
from tests.unit.domain.strategies import cases

CASES = 50_000 if os.environ.get("LAUREL_TEST_LONG") else 2_000


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_agrees_with_the_reference(case: dict[str, Any]) -> None:
    award, expected = evaluate(case), reference_award(case)
    assert award.receipt.unrounded.fraction == expected.unrounded
    assert award.receipt.rounded == expected.rounded
    assert shares_by_name(award, case) == expected.shares
    assert award.points == expected.points
