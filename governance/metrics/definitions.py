"""Every metric: its name, kind, labels and what it says. Nothing is exposed that does not stand here.

Names and units follow Prometheus: base units, ``_total`` for counters, ``_timestamp_seconds`` for instants, of which
the reader takes the age. Each label has few values, known beforehand: declared members, sources and datasets, closed
lists of states and reasons, routes and not addresses. Nothing that a stranger types becomes a label.
"""

from dataclasses import dataclass
from typing import Literal

PREFIX = "archipel_"


@dataclass(frozen=True)
class Metric:
    """One metric; ``name`` without the prefix, and for a counter without ``_total``."""

    name: str
    kind: Literal["gauge", "counter", "histogram", "info"]
    said: str
    labels: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """Its name as queries have it."""
        return f"{PREFIX}{self.name}{ {'counter': '_total', 'info': '_info'}.get(self.kind, '') }"


_SOURCE = ("member", "source", "dataset")
METRICS: tuple[Metric, ...] = (
    Metric("build", "info", "Versions of the platform and of what decides which rows come out.", ("version", "python")),
    Metric("collector_up", "gauge", "1 where a part of these figures could be read, 0 where it could not.", ("part",)),
    Metric("source_rows", "gauge", "Rows of a source's last file, by what became of them.", (*_SOURCE, "class")),
    Metric(
        "source_last_success_timestamp_seconds", "gauge",
        "When a source last answered with a file that could be used, new or unchanged.", _SOURCE,
    ),
    Metric(
        "source_overdue_seconds", "gauge",
        "For how long a source has been late by its own schedule: time since the second run that was due without a "
        "good answer; 0 where it is on time or was never asked.", _SOURCE,
    ),
    Metric("sources", "gauge", "Declared sources, by how the last file of each stands.", ("state",)),
    Metric("sources_absent", "gauge", "Sources that are gone; archived: their rows are served no more.", ("archived",)),
    Metric("held_files", "gauge", "Files that wait for a person to confirm that rows are really gone.", ("member",)),
    Metric("runs", "counter", "Pulls of sources since the installation, by what came of them.", ("outcome",)),
    Metric("dataset_rows", "gauge", "Rows of a dataset in the version that readers use.", ("dataset",)),
    Metric("dataset_member_rows", "gauge", "The same, by whose rows they are.", ("dataset", "member")),
    Metric("dataset_updated_timestamp_seconds", "gauge", "When the content of a dataset last changed.", ("dataset",)),
    Metric("shared_version_timestamp_seconds", "gauge", "When the version that readers use was made."),
    Metric("decisions", "counter", "Decisions in the journal since the installation.", ("channel", "outcome")),
    Metric("denials", "counter", "Refusals in the journal, by each reason that was given.", ("reason",)),
    Metric("catalogue_entries", "gauge", "Entries that the catalogue shows; a slice is one member's part.", ("kind",)),
    Metric(
        "catalogue_drift", "gauge",
        "1 where the catalogue is not that of now: of=data, another shared version is served; of=policies, it was "
        "decided by policies that are no longer in force.", ("of",),
    ),
    Metric("catalogue_reconciled_timestamp_seconds", "gauge", "When the catalogue was last made as decided."),
    Metric("notices", "gauge", "Notices to subscribers, by what became of them.", ("state",)),
    Metric("notices_oldest_due_timestamp_seconds", "gauge", "When the longest waiting notice was due; none: absent."),
    Metric("journal_entries", "counter", "Entries of the journal."),
    Metric("journal_last_entry_timestamp_seconds", "gauge", "When the last entry of the journal was written."),
    Metric("journal_verified_timestamp_seconds", "gauge", "When the whole journal was last verified; absent before."),
    Metric("journal_intact", "gauge", "1 where the last verification found every entry as it was written, else 0."),
    Metric(
        "policy_engine", "gauge",
        "1 for how the policy engine stands, 0 for the others: active, refusing (a new bundle), behind, closed, "
        "silent, nothing (was put in force yet).", ("verdict",),
    ),
    Metric(
        "policy_revision", "info",
        "Revisions, shortened: role=in_force was built and put in force, role=active is what the engine answers with.",
        ("role", "revision"),
    ),
    Metric("policy_bundle_reported_timestamp_seconds", "gauge", "When an engine last reported a bundle.", ("bundle",)),
    Metric("disk_free_bytes", "gauge", "Free room on the disk of the state folder."),
    Metric("disk_size_bytes", "gauge", "Size of the disk of the state folder."),
    Metric("http_requests", "counter", "Requests answered by this process.", ("method", "route", "status")),
    Metric("http_request_duration_seconds", "histogram", "Time to the first byte of the answer.", ("method", "route")),
)  # fmt: skip
BY_NAME = {metric.name: metric for metric in METRICS}
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Of the histogram, in seconds: most answers take a few milliseconds, a copy of a large file some seconds."""
