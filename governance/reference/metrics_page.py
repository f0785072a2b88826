"""Every metric, by its definition."""

from governance.metrics.definitions import LATENCY_BUCKETS, METRICS
from governance.reference.markdown import code, page, table


def metrics_page() -> str:
    """Return ``metrics.md``."""
    rows = [
        (code(metric.full_name), metric.kind, ", ".join(code(label) for label in metric.labels), metric.said)
        for metric in METRICS
    ]
    words = (
        "`GET /metrics` of the console's port, for this machine and for whoever shows `ARCHIPEL_METRICS_TOKEN` "
        "([settings](settings.md)); through the front there is no such address. Figures are read from the state at "
        "each scrape, so that a restart or a second process changes none of them; only `archipel_http_…` are of one "
        "process and begin anew with it. How to watch: [watch over the platform](../howto/watch-over-the-platform.md)."
    )
    buckets = ", ".join(f"{bound:g}" for bound in LATENCY_BUCKETS)
    return page(
        "Metrics", words, table(("metric", "kind", "labels", "is"), rows),
        f"Buckets of the histogram, in seconds: {buckets}.",
    )  # fmt: skip
