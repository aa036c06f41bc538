"""The relay's metrics, and its health: a loop that stands still is unhealthy, however busy the process looks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app

from outbox.status import OutboxStatus
from outbox.tracing import NoSpans, PageSpans

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

STANDSTILL_SECONDS = 30.0
REQUEST_SECONDS = 2.0
LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
PAGE_BUCKETS = (1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000)


class RelayMetrics:
    """One relay's metrics, in a registry of their own, and its spans."""

    def __init__(self, spans: PageSpans | None = None) -> None:
        self.spans = spans or NoSpans()
        self.registry = registry = CollectorRegistry()
        self.oldest_unpublished_age = Gauge(
            "outbox_oldest_unpublished_age_seconds", "Alert on this: the age of the oldest event not yet published.",
            registry=registry,
        )  # fmt: skip
        self.backlog_rows = Gauge("outbox_backlog_rows", "Events not yet published.", registry=registry)
        self.parked_keys = Gauge("outbox_parked_keys", "Keys that wait for an operator.", registry=registry)
        self.checkpoint_age = Gauge(
            "outbox_checkpoint_age_seconds", "Since the place in the log was saved; while idle too.", registry=registry
        )
        self.log_bytes = Gauge("outbox_log_bytes", "Size of the log with its indexes.", registry=registry)
        self.replayed_rows = Gauge(
            "outbox_replayed_rows", "Events that operators had published again, in all.", registry=registry
        )
        self.leader = Gauge("outbox_relay_leader", "1 while this relay leads, 0 while it stands by.", registry=registry)
        self.published_rows = Counter("outbox_published_rows", "Events published.", registry=registry)
        self.read_bytes = Counter("outbox_read_payload_bytes", "Payloads read from the log.", registry=registry)
        self.reconciled_rows = Counter(
            "outbox_reconciled_rows", "Events found in Kafka already, not sent again.", registry=registry
        )
        self.page_rows = Histogram("outbox_page_rows", "Events a page.", registry=registry, buckets=PAGE_BUCKETS)
        self.publish_seconds = Histogram(
            "outbox_publish_seconds", "From handing a page to the producer to its acknowledgement.",
            registry=registry, buckets=LATENCY_BUCKETS,
        )  # fmt: skip
        self.emptied_partitions = Counter(
            "outbox_emptied_partitions", "Partitions whose events were older than the retention.", registry=registry
        )
        self.errors = Counter("outbox_errors", "Troubles, by kind.", ["kind"], registry=registry)
        self.leads = False
        self._turned_at = time.monotonic()

    def lead(self, leads: bool) -> None:
        """Whether this relay leads from now on."""
        self.leads = leads
        self.leader.set(leads)

    def turned(self) -> None:
        """The relay's loop went round."""
        self._turned_at = time.monotonic()

    def standstill_seconds(self) -> float:
        """How long the loop has not gone round."""
        return time.monotonic() - self._turned_at

    def observe(self, status: OutboxStatus) -> None:
        """What the database says, which holds whether or not this relay does anything."""
        self.oldest_unpublished_age.set(status.oldest_unpublished_age_seconds or 0)
        self.backlog_rows.set(status.backlog_rows)
        self.parked_keys.set(status.parked_keys)
        self.replayed_rows.set(status.replayed_rows)
        self.log_bytes.set(status.log_bytes)
        if status.checkpoint_age_seconds is not None:
            self.checkpoint_age.set(status.checkpoint_age_seconds)


class _Quiet(WSGIRequestHandler):
    timeout = REQUEST_SECONDS
    """Requests are served one by one: a client that says nothing must neither keep others out nor us from ending."""

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not worth a line."""


@contextmanager
def serving(metrics: RelayMetrics, host: str, port: int | None) -> Iterator[int | None]:
    """Serve /metrics and /health from a thread, so that they answer when the loop does not. The port, if any."""
    if port is None:
        yield None
        return
    server = make_server(host, port, _application(metrics), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="outbox metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _application(metrics: RelayMetrics) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    exposition = make_wsgi_app(metrics.registry)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            shown: Iterable[bytes] = exposition(environ, start_response)
            return shown
        if not environ["PATH_INFO"].startswith("/health"):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics or /health\n"]
        standstill_seconds = metrics.standstill_seconds()
        well = standstill_seconds < STANDSTILL_SECONDS
        start_response("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
        role = "leader" if metrics.leads else "standby"
        return [json.dumps({"well": well, "role": role, "standstill_seconds": round(standstill_seconds, 3)}).encode()]

    return application
