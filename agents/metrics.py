"""What the worker tells Prometheus. Each process makes one registry and passes it down."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BATCH_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class FlowMetrics:
    """The figures of one flow."""

    events: Counter
    repeated: Counter
    batches: Counter
    retries: Counter
    dead_letters: Counter
    stale: Counter
    batch_seconds: Histogram


class WorkerMetrics:
    """Every figure of a worker, by flow; lag by topic and partition."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._events = self._counter("events", "events done")
        self._repeated = self._counter("repeated_events", "events that had been done before")
        self._batches = self._counter("batches", "batches committed")
        self._retries = self._counter("retries", "attempts that have to be made again")
        self._dead_letters = self._counter("dead_letters", "events set aside")
        self._stale = self._counter("stale_events", "events dropped because the partition had moved")
        self._batch_seconds = Histogram(
            "laurel_worker_batch_seconds",
            "time of a batch's transaction",
            ["flow"],
            buckets=BATCH_SECONDS,
            registry=self.registry,
        )
        self.webhook_attempts = Counter(
            "laurel_worker_webhook_attempts", "webhooks sent", ["outcome"], registry=self.registry
        )
        self.webhook_delay = Gauge(
            "laurel_worker_webhook_delay_seconds",
            "how long the webhook that waits longest has been due",
            registry=self.registry,
        )
        self.lag = Gauge(
            "laurel_worker_lag_events", "events not done yet", ["topic", "partition"], registry=self.registry
        )

    def of_flow(self, flow: str) -> FlowMetrics:
        """The figures of a flow, from 0."""
        return FlowMetrics(
            events=self._events.labels(flow),
            repeated=self._repeated.labels(flow),
            batches=self._batches.labels(flow),
            retries=self._retries.labels(flow),
            dead_letters=self._dead_letters.labels(flow),
            stale=self._stale.labels(flow),
            batch_seconds=self._batch_seconds.labels(flow),
        )

    def _counter(self, name: str, what: str) -> Counter:
        return Counter(f"laurel_worker_{name}", what, ["flow"], registry=self.registry)
