"""The summary says what happened: to people in a table, to programs in JSON without a secret."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from cli.journey.summary import Latency, Login, Redemptions, Summary, show

SUMMARY = Summary(
    baskets=10,
    recorded=8,
    already_recorded=2,
    rejected=0,
    rejections={},
    first_rejections={},
    undecided=0,
    dead_letters=0,
    seconds=2.0,
    settled_seconds=2.5,
    baskets_per_second=4.0,
    points_issued=1_234,
    latency=Latency.of([1.0, 2.0, 30.0], unseen=0, members_watched=2),
    redemptions=Redemptions(3, 1, 0, 0, {"out_of_stock": 1}),
    retries={},
    members=5,
    merchants=2,
    seed=1,
    logins=(Login("household-1@journey.example", "the password"),),
)


def _shown(summary: Summary) -> str:
    out = StringIO()
    show(Console(file=out, width=200), summary)
    return out.getvalue()


def test_people_see_what_came_of_it_and_how_to_sign_in() -> None:
    shown = _shown(SUMMARY)
    for words in (
        "8 recorded, 2 were there already: nothing was done for them",
        "4 baskets/s",
        "1,234",
        "p50 2.0 ms, p99 30.0 ms after the answer (3 purchases of 2 watched members)",
        "3 completed, 1 rejected (out_of_stock 1)",
        "household-1@journey.example  the password",
    ):
        assert words in shown


def test_a_refusal_is_shown_as_the_api_put_it() -> None:
    problem = {"detail": "The request is not valid.", "errors": [{"pointer": "/amount", "detail": "too much"}]}
    refused = replace(
        SUMMARY, rejected=2, rejections={"validation_failed": 2}, first_rejections={"validation_failed": problem}
    )
    shown = _shown(refused)
    assert "2 refused (validation_failed 2)" in shown
    assert "The request is not valid.; /amount: too much" in shown


def test_programs_get_everything_but_the_passwords() -> None:
    text = json.dumps(SUMMARY.to_json())
    assert "the password" not in text
    told = json.loads(text)
    assert (told["ok"], told["latency"]["p99_ms"], told["redemptions"]["reasons"]) == (True, 30.0, {"out_of_stock": 1})


@pytest.mark.parametrize(
    "changed",
    [
        replace(SUMMARY, rejected=1),
        replace(SUMMARY, undecided=1),
        replace(SUMMARY, dead_letters=1),
        replace(SUMMARY, redemptions=Redemptions(pending=1)),
    ],
)
def test_what_was_refused_or_left_undecided_is_no_success(changed: Summary) -> None:
    assert not changed.ok


def test_nothing_measured_is_said_so() -> None:
    assert "nothing to measure" in _shown(replace(SUMMARY, latency=Latency.of([], 0, 0)))
