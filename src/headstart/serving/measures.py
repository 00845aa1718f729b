"""What the server counts about itself, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Measures:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "headstart_requests", "Requests answered.", ["path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "headstart_request_seconds",
            "From the header of a request to the end of its response.",
            ["path"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._pictures = Counter("headstart_pictures", "Images by result.", ["result"], registry=self._registry)
        self._batch_sizes = Histogram(
            "headstart_batch_size", "Images per batch.", buckets=_BATCH_SIZES, registry=self._registry
        )
        self._batch_seconds = Histogram(
            "headstart_batch_seconds", "The model's time for a batch.", buckets=_SECONDS, registry=self._registry
        )

    def show_waiting(self, pictures: Callable[[], int]) -> None:
        """Sets the function that gives the number of waiting images."""
        gauge = Gauge("headstart_waiting_pictures", "Images accepted and not yet predicted.", registry=self._registry)
        gauge.set_function(pictures)

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Counts one answered request."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_pictures(self, result: str, count: int) -> None:
        """Counts images as `unreadable`, or by the result of the task's `Kind.result`."""
        if count:
            self._pictures.labels(result).inc(count)

    def count_batch(self, size: int, seconds: float) -> None:
        """Counts one batch."""
        self._batch_sizes.observe(size)
        self._batch_seconds.observe(seconds)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)
