"""Headers go out in one piece, and nothing in them begins another."""

from __future__ import annotations

import pytest
from sanic.headers import format_http1_response

from api.kit.endpoint import SECURITY_HEADERS, SecuredResponse, respond
from api.kit.routes import Answer


def _sent(response: SecuredResponse) -> list[str]:
    lines = format_http1_response(response.status, response.processed_headers).decode().split("\r\n")
    assert lines[-2:] == ["", ""]
    return lines[1:-2]


def _respond(answer: Answer) -> SecuredResponse:
    response = respond(answer, "req_1", {"RateLimit": '"default";r=1;t=1'})
    assert isinstance(response, SecuredResponse)
    return response


def test_every_answer_carries_the_headers_of_all() -> None:
    fields = dict(line.split(": ", 1) for line in _sent(_respond(Answer(200, b"{}", {"Location": "/x"}))))
    assert fields == SECURITY_HEADERS | {
        "RateLimit": '"default";r=1;t=1',
        "Location": "/x",
        "X-Request-Id": "req_1",
        "content-type": "application/json",
    }


def test_an_answers_own_header_wins() -> None:
    lines = _sent(_respond(Answer(200, b"", {"Cache-Control": "max-age=300"})))
    assert [line for line in lines if line.lower().startswith("cache-control")] == ["Cache-Control: max-age=300"]
    assert "X-Frame-Options: DENY" in lines


def test_an_answer_without_a_body_has_no_type() -> None:
    assert not any(line.startswith("content-type") for line in _sent(_respond(Answer(204))))


@pytest.mark.parametrize("hostile", ["a\r\nSet-Cookie: x=1", "a\nX: 1", "a\rX: 1", "a\r\n\r\n<script>"])
def test_a_line_break_in_a_value_begins_no_header(hostile: str) -> None:
    lines = _sent(_respond(Answer(200, b"", {"Location": hostile})))
    names = {line.partition(":")[0].lower() for line in lines}
    assert names == {name.lower() for name in SECURITY_HEADERS} | {
        "ratelimit",
        "location",
        "x-request-id",
        "content-type",
    }
