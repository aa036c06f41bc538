"""What an API says of itself to Prometheus: of all its processes together, whichever of them is asked.

Each process counts in a board of its own, an array of numbers in memory that all of them share, and only that process
writes there: a count is one addition. A page is the sum of the boards. Every number has its place from the start, since
routes and statuses are known; a status that is not is counted as 0.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
STATUSES = (0, 200, 201, 202, 204, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503)
NUMBER_BYTES = 8
STREAMS, CONNECTIONS = 0, 1
GAUGES = 2
SUM, FIRST_BUCKET = 0, 1


class Boards:
    """Memory for the numbers of some processes; made before they are, so that all of them have it."""

    BYTES_EACH: ClassVar[int] = 1_048_576
    """More than any table of routes needs; memory that is not written to is not taken."""

    def __init__(self, processes: int = 1) -> None:
        self._memory = memoryview(mmap.mmap(-1, processes * self.BYTES_EACH))
        self._boards = [
            self._memory[number * self.BYTES_EACH : (number + 1) * self.BYTES_EACH].cast("d")
            for number in range(processes)
        ]

    def __len__(self) -> int:
        return len(self._boards)

    def of(self, number: int) -> memoryview[float]:
        """The board of a process."""
        return self._boards[number]

    def sums(self, length: int) -> list[float]:
        """Of the first numbers of all boards."""
        return [sum(numbers) for numbers in zip(*(board[:length] for board in self._boards), strict=True)]


class Metrics(Collector):
    """The metrics of an API: counted on the board of this process, told for all of `boards`."""

    def __init__(self, api: str, routes: Iterable[tuple[str, str]]) -> None:
        """`routes` are (method, name of the route)."""
        self._api = api
        self._routes = tuple(routes)
        self._status_places = {status: place for place, status in enumerate(STATUSES)}
        self._width = len(STATUSES) + FIRST_BUCKET + len(BUCKETS_SECONDS) + 1
        self._places = {name: GAUGES + row * self._width for row, (_, name) in enumerate(self._routes)}
        self._length = GAUGES + len(self._routes) * self._width
        self._gauges: dict[int, Callable[[], float]] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.share(Boards(), 0)

    def share(self, boards: Boards, number: int) -> None:
        """Count on the board of that number from now on."""
        self._boards, self._board = boards, boards.of(number)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Counts a request and its time."""
        self.count(route, status)
        place = self._places[route] + len(STATUSES)
        self._board[place + SUM] += seconds
        self._board[place + FIRST_BUCKET + bisect_left(BUCKETS_SECONDS, seconds)] += 1

    def count(self, route: str, status: int) -> None:
        """Counts a request."""
        self._board[self._places[route] + self._status_places.get(status, 0)] += 1

    def watch(self, gauge: int, count: Callable[[], float]) -> None:
        """Takes a gauge (STREAMS, CONNECTIONS) from `count`, whenever `note` is called or a page is made."""
        self._gauges[gauge] = count

    def note(self) -> None:
        """Writes this process's gauges on its board, for pages that others make."""
        for gauge, count in self._gauges.items():
            self._board[gauge] = count()

    def page(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks for them."""
        self.note()
        numbers = self._boards.sums(self._length)
        return [
            self._gauge("laurel_http_event_streams", "Event streams open now", numbers[STREAMS]),
            self._gauge("laurel_http_connections", "Connections open now", numbers[CONNECTIONS]),
            self._gauge("laurel_http_processes", "Processes that this page is of", len(self._boards)),
            self._requests(numbers),
            self._seconds(numbers),
        ]

    def _gauge(self, name: str, meaning: str, value: float) -> Metric:
        family = GaugeMetricFamily(name, meaning, labels=["api"])
        family.add_metric([self._api], value)
        return family

    def _requests(self, numbers: Sequence[float]) -> Metric:
        family = CounterMetricFamily(
            "laurel_http_requests", "Requests answered", labels=["api", "method", "route", "status"]
        )
        for method, name in self._routes:
            for status, place in self._status_places.items():
                if count := numbers[self._places[name] + place]:
                    family.add_metric([self._api, method, name, str(status)], count)
        return family

    def _seconds(self, numbers: Sequence[float]) -> Metric:
        meaning = "Time from the request's arrival to its answer"
        family = HistogramMetricFamily("laurel_http_request_seconds", meaning, labels=["api", "route"])
        for _, name in self._routes:
            start = self._places[name] + len(STATUSES)
            counts = numbers[start + FIRST_BUCKET : start + FIRST_BUCKET + len(BUCKETS_SECONDS) + 1]
            if any(counts):
                family.add_metric([self._api, name], _cumulated(counts), numbers[start + SUM])
        return family


def _cumulated(counts: Sequence[float]) -> list[tuple[str, float]]:
    limits = [*(str(float(limit)) for limit in BUCKETS_SECONDS), "+Inf"]
    return [(limit, sum(counts[: place + 1])) for place, limit in enumerate(limits)]
