"""What an event says beyond the standard facets: the facts of a receipt, of a shared version, of a publication.

Each is a run facet of ours beside the standard ones, under its own name, as OpenLineage foresees.
"""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class _Facts(BaseModel):
    # Extra fields are left aside because a facet also says who made it and by which schema.
    model_config = ConfigDict(frozen=True, extra="ignore")


class ReceiptFacts(_Facts):
    """One pull of one source; counts are rows of the file."""

    facet: ClassVar[str] = "archipel_receipt"

    member_id: str
    source_id: str
    dataset: str
    connector: str
    outcome: str
    report_status: str | None = None
    file_name: str | None = None
    file_sha256: str | None = None
    contract_version: str | None = None
    rows_read: int | None = None
    rows_accepted: int | None = None
    rows_quarantined: int | None = None
    rows_duplicates: int | None = None


class RestsOn(_Facts):
    """One source whose accepted rows count, and the run that brought them."""

    member_id: str
    source_id: str
    dataset: str
    run_id: str
    rows: int


class VersionFacts(_Facts):
    """What one dataset of the shared layer was made of."""

    facet: ClassVar[str] = "archipel_version"

    dataset: str
    version: str
    contract_version: str
    model: str
    rows: int
    sha256: str
    rests_on: tuple[RestsOn, ...]


class PublicationFacts(_Facts):
    """Which shared version and which decisions the entries of one dataset in the catalogue rest on."""

    facet: ClassVar[str] = "archipel_publication"

    dataset: str
    version: str
    policy_version: str
    engine_decisions: tuple[str, ...]


class KeptRun(_Facts):
    """The last successful run of one job, as its event tells it. Names are those of ``governance.lineage.names``."""

    job: str
    run_id: str
    """32 hexadecimal signs, as receipts have it."""
    trace_id: str | None
    """Id of the work that it was a part of."""
    at: datetime
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    receipt: ReceiptFacts | None = None
    version: VersionFacts | None = None
    publication: PublicationFacts | None = None
