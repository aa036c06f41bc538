"""A span for each page that is published, linked to the traces that its events came from.

A page has events of many requests, so it is not a child of one of them: it links to them (OpenTelemetry semantic
conventions for messaging, batch publishing). Off, and with nothing imported, unless OTEL_EXPORTER_OTLP_ENDPOINT is set.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import structlog

from outbox.log import ID, TRACEPARENT, Row

if TYPE_CHECKING:
    from opentelemetry.trace import Link, Span, Tracer

MOST_LINKS = 32
VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")

log = structlog.get_logger("outbox")


class PageSpans(Protocol):
    """Hears of every page, in order."""

    def sent(self, rows: Sequence[Row]) -> None:
        """The page is about to be given to librdkafka."""

    def settled(self) -> None:
        """The oldest page that was not settled is."""

    def closed(self) -> None:
        """No page that is not settled will be."""


class NoSpans:
    """Where nobody traces."""

    def sent(self, rows: Sequence[Row]) -> None:
        """Nothing is kept."""

    def settled(self) -> None:
        """Nothing was kept."""

    def closed(self) -> None:
        """Nothing was kept."""


class TracedPages:
    """Spans of the pages in flight, oldest first; None for a page without rows."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: deque[Span | None] = deque()

    def sent(self, rows: Sequence[Row]) -> None:
        self._open.append(self._start(rows) if rows else None)

    def settled(self) -> None:
        if span := self._open.popleft():
            span.end()

    def closed(self) -> None:
        from opentelemetry.trace import StatusCode

        for span in filter(None, self._open):
            span.set_status(StatusCode.ERROR, "not acknowledged: what was not published is sent again")
            span.end()
        self._open.clear()

    def _start(self, rows: Sequence[Row]) -> Span:
        from opentelemetry.trace import SpanKind

        return self._tracer.start_span(
            "outbox publish",
            kind=SpanKind.PRODUCER,
            links=_links(rows),
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "send",
                "messaging.batch.message_count": len(rows),
                "outbox.first_id": rows[0][ID],
                "outbox.last_id": rows[-1][ID],
            },
        )


@contextmanager
def tracing(service_name: str) -> Iterator[PageSpans]:
    """Spans that are sent by OTLP over HTTP if the environment names where to; they are flushed at the end."""
    if not any(os.environ.get(name) for name in VARIABLES) or os.environ.get("OTEL_SDK_DISABLED") == "true":
        yield NoSpans()
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        log.error("nothing is traced: install laurel[tracing]", missing=error.name)
        yield NoSpans()
        return
    name = os.environ.get("OTEL_SERVICE_NAME", service_name)
    provider = TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield TracedPages(provider.get_tracer("outbox"))
    finally:
        provider.shutdown()


def _links(rows: Sequence[Row]) -> list[Link]:
    from opentelemetry.trace import Link, SpanContext, TraceFlags

    links: dict[str, Link] = {}
    for row in rows:
        traceparent = row[TRACEPARENT]
        if traceparent is None or traceparent in links or not (parts := _TRACEPARENT.fullmatch(traceparent)):
            continue
        trace, span, flags = (int(part, 16) for part in parts.groups())
        links[traceparent] = Link(SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(flags)))
        if len(links) == MOST_LINKS:
            break
    return list(links.values())
