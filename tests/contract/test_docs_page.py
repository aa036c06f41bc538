"""The page of /docs shows both documents whole: every route, model, problem, and topic."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from api.admin.app import API as ADMIN_API
from api.customer.app import API as CUSTOMER_API
from api.kit import operations
from api.kit.openapi import document, problems_of
from api.kit.routes import Api
from schemas.asyncapi import CLOUDEVENTS, whole_asyncapi_document
from schemas.events import EVENTS
from stack.node import NODE

SCRIPT = Path(__file__).parent / "docs_page.js"


@pytest.mark.parametrize("made", [ADMIN_API, CUSTOMER_API], ids=lambda made: made.name)
def test_the_page_shows_everything(made: Api) -> None:
    done = subprocess.run(
        [NODE, SCRIPT, operations.ASSETS / "docs.js"],
        input=json.dumps({"/openapi.json": document(made), "/asyncapi.json": whole_asyncapi_document()}),
        capture_output=True,
        text=True,
        check=True,
    )
    page = json.loads(done.stdout)
    shown = page["text"]
    assert shown.startswith(made.title)
    assert [route.path for route in made.routes if made.prefix + route.path not in shown] == []
    assert [kind.code for route in made.routes for kind in problems_of(route) if kind.code not in shown] == []
    assert [topic for topic in EVENTS if topic not in shown] == []
    assert [name for name in CLOUDEVENTS if name not in shown] == []
    assert "undefined" not in shown
    assert {"#rate_limited", "#model-FieldProblem"} <= set(page["links"])
    assert page["leadingNowhere"] == []
