"""What one process exposes: the figures of the installation, and those of its own requests."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from governance.metrics.collect import PlatformCollector
from governance.metrics.definitions import BY_NAME, LATENCY_BUCKETS, PREFIX
from governance.platform import Platform


@dataclass(frozen=True)
class RequestFigures:
    """Requests that this process answered; they begin at nothing when it starts, as counters may."""

    requests: Counter
    duration: Histogram

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.requests.labels(method, route, str(status)).inc()
        self.duration.labels(method, route).observe(seconds)


def make_registry(platform: Platform) -> tuple[CollectorRegistry, RequestFigures]:
    """Return a registry of this platform's figures; nothing is read before it is scraped."""
    # When each counter began is told by Prometheus's own reset detection; it would double the series.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    registry.register(PlatformCollector(platform))
    requests, duration = BY_NAME["http_requests"], BY_NAME["http_request_duration_seconds"]
    figures = RequestFigures(
        Counter(PREFIX + requests.name, requests.said, requests.labels, registry=registry),
        Histogram(PREFIX + duration.name, duration.said, duration.labels, registry=registry, buckets=LATENCY_BUCKETS),
    )
    return registry, figures
