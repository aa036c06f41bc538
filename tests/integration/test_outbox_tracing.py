"""A page that is published is a span, linked to the requests that its events came from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import asyncpg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outbox.tracing import MOST_LINKS, NoSpans, tracing
from tests.support.outbox import Stage, staged


@dataclass
class Collector:
    """An OpenTelemetry collector's end of OTLP over HTTP."""

    url: str
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def stage(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> Iterator[Stage]:
    with staged(database_url, kafka_bootstrap, ["orders"], topic_prefix, 1) as found:
        yield found


async def test_each_page_is_a_span_that_links_to_its_requests(
    stage: Stage, conn: asyncpg.Connection, collector: Collector
) -> None:
    traces = [f"00-{n:032x}-{n:016x}-01" for n in range(1, 61)]
    traced = [replace(stage.event(), traceparent=trace) for trace in traces for _ in range(2)]
    broken = replace(stage.event(), traceparent="not a trace")
    await stage.append(conn, broken, *traced, stage.event())
    async with stage.relaying(application_name="shop-relay"):
        await stage.published_rows(conn, 122)
    (span,) = collector.spans()
    attributes = {one.key: one.value.int_value or one.value.string_value for one in span.attributes}
    assert attributes["messaging.batch.message_count"] == 122
    assert (attributes["outbox.first_id"], attributes["outbox.last_id"]) == (1, 122)
    assert len(span.links) == MOST_LINKS
    assert span.links[0].trace_id.hex() == traces[0].split("-")[1]
    assert span.end_time_unix_nano > span.start_time_unix_nano
    (service,) = [
        attribute.value.string_value
        for attribute in collector.requests[0].resource_spans[0].resource.attributes
        if attribute.key == "service.name"
    ]
    assert service == "shop-relay"


def test_nothing_is_traced_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    with tracing("relay") as spans:
        assert isinstance(spans, NoSpans)


def test_pages_that_are_not_acknowledged_end_as_errors(collector: Collector) -> None:
    row = (7, "orders", "k", b"", "id", "/", "time", None, 0)
    with tracing("relay") as spans:
        spans.sent([row])
        spans.sent([])
        spans.sent([row])
        spans.settled()
        spans.settled()
        spans.closed()
    assert [span.status.code for span in collector.spans()] == [0, 2]
