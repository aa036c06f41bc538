"""What the domain writes is what the APIs publish: definitions and receipts fit the models of the contract."""

from typing import Any, get_args

from hypothesis import HealthCheck, given, settings

from loyalty.domain.redemption import Reason
from loyalty.domain.rules import parse_rule
from loyalty.domain.rules.definition import EVENT_FIELD_PREFIX, Field, Op, Trigger
from loyalty.domain.rules.receipt import SCHEMA_VERSION
from schemas.admin.rules import Condition, RuleDefinition
from schemas.customer import ReceiptSteps
from schemas.events import RejectionReason
from tests.unit.domain.cases import evaluate
from tests.unit.domain.strategies import cases, definitions

sometimes = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@sometimes
@given(definitions())
def test_a_definition_is_what_the_contract_says(definition: dict[str, Any]) -> None:
    written = parse_rule({"name": "a rule", **definition}).to_json()
    assert RuleDefinition.model_validate(written).model_dump(mode="json", by_alias=True) == written


@sometimes
@given(cases())
def test_a_receipt_is_what_the_contract_says(case: dict[str, Any]) -> None:
    written = evaluate(case).receipt.to_json()
    assert ReceiptSteps.model_validate(written).model_dump(mode="json", by_alias=True) == written
    assert written["schema_version"] == SCHEMA_VERSION


def test_the_contract_names_every_field_and_operator() -> None:
    properties = Condition.model_json_schema()["properties"]
    named, of_events = properties["field"]["anyOf"]
    assert set(named["enum"]) == set(Field)
    assert of_events["pattern"].startswith(rf"^{EVENT_FIELD_PREFIX[:-1]}\.")
    assert set(properties["op"]["enum"]) == set(Op)
    assert set(RuleDefinition.model_json_schema()["properties"]["trigger"]["enum"]) == set(Trigger)


def test_the_contract_names_every_reason() -> None:
    assert set(get_args(RejectionReason)) == set(Reason)
