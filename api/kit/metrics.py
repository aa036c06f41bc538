"""What an API says of itself to Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one process."""

    def __init__(self, api: str) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "laurel_http_requests",
            "Requests answered",
            ["api", "method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "laurel_http_request_seconds",
            "Time from the request's arrival to its answer",
            ["api", "route"],
            buckets=BUCKETS_SECONDS,
            registry=self._registry,
        )
        self._streams = Gauge("laurel_http_event_streams", "Event streams open now", ["api"], registry=self._registry)
        self._api = api
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request and its time."""
        self.count(method, route, status)
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self._seconds.labels(self._api, route)
        timer.observe(seconds)

    def count(self, method: str, route: str, status: int) -> None:
        """Counts a request."""
        key = method, route, int(status)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = self._requests.labels(self._api, method, route, str(int(status)))
        counter.inc()

    def watch_streams(self, count: Callable[[], float]) -> None:
        """Takes the number of open streams from `count`."""
        self._streams.labels(self._api).set_function(count)

    def page(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
