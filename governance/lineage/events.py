"""Lineage events as OpenLineage has them, made of what the steps know: receipts, shared tables, catalogue entries.

Source: OpenLineage 2-0-2, RunEvent, and its standard facets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    RunFacet,
    data_quality_metrics_input_dataset,
    datasource_dataset,
    documentation_dataset,
    error_message_run,
    lifecycle_state_change_dataset,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)

from governance.contracts.model import Contract
from governance.federation import Source
from governance.lineage.facts import PublicationFacts, ReceiptFacts, RestsOn, VersionFacts
from governance.lineage.names import (
    HARMONISE,
    HARVEST,
    PRODUCER,
    PUBLISH,
    accepted_name,
    entry_name,
    namespace_of,
    shared_name,
    source_name,
)
from governance.platform import Platform
from governance.shared_layer import SharedTable
from governance.state.receipts import Receipt
from governance.telemetry.trace_context import current_trace_id

End = Literal["COMPLETE", "FAIL", "ABORT"]
_ENDS: dict[str, End] = {"accepted": "COMPLETE", "held": "ABORT", "rejected": "FAIL", "failed": "FAIL"}
"""How a run ended, by its receipt's outcome; one that found nothing new is no event."""


@dataclass(frozen=True)
class RunTold:
    """One run of one job, from its start to its end; times are UTC."""

    job: str
    started_at: datetime
    end: End = "COMPLETE"
    run_id: str = field(default_factory=lambda: uuid4().hex)
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    inputs: Sequence[InputDataset] = ()
    outputs: Sequence[OutputDataset] = ()
    facets: Mapping[str, RunFacet] = field(default_factory=dict)


def to_events(namespace: str, told: RunTold) -> tuple[RunEvent, RunEvent]:
    """Return the two events of a run: that it started, and how it ended, with what is known of it by then."""
    parent: dict[str, RunFacet] = {}
    if trace_id := current_trace_id():
        parent["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=str(UUID(trace_id))),
            job=parent_run.Job(namespace=namespace, name="archipel"),
            producer=PRODUCER,
        )
    job = Job(namespace=namespace, name=told.job)

    def event(kind: str, at: datetime, facets: Mapping[str, RunFacet], **more: Any) -> RunEvent:
        run = Run(runId=str(UUID(told.run_id)), facets={**facets, **parent})
        return RunEvent(
            eventTime=at.astimezone(UTC).isoformat(),
            producer=PRODUCER,
            run=run,
            job=job,
            eventType=RunState(kind),
            **more,
        )

    ended = event(told.end, told.ended_at, told.facets, inputs=list(told.inputs), outputs=list(told.outputs))
    return event("START", told.started_at, {}), ended


def harvested(platform: Platform, receipt: Receipt) -> RunTold | None:
    """Return what one pull of one source was; None where nothing new came."""
    end = _ENDS.get(receipt.outcome)
    if end is None:
        return None
    source = _declared(platform, receipt)
    namespace = namespace_of(platform)
    facts = ReceiptFacts(
        connector=source.connector if source else "",
        rows_read=receipt.rows_in,
        **receipt.model_dump(include=set(ReceiptFacts.model_fields) - {"connector", "rows_read"}),
    )
    facets = {ReceiptFacts.facet: _ours(facts)}
    if end == "FAIL":
        words = f"{receipt.message_en} {receipt.remedy_en}".strip()
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(words, "Python", producer=PRODUCER)
    outputs = []
    if end == "COMPLETE":
        statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=receipt.rows_accepted, producer=PRODUCER
        )
        outputs = [
            # Its columns are told once a version, by what is made of it: not by each source again.
            OutputDataset(namespace, accepted_name(receipt.dataset), outputFacets={"outputStatistics": statistics})
        ]
    return RunTold(
        job=f"{HARVEST}.{receipt.member_id}.{receipt.source_id}",
        run_id=receipt.run_id,
        started_at=receipt.started_at,
        ended_at=receipt.finished_at,
        end=end,
        inputs=[_source_dataset(namespace, receipt, source)],
        outputs=outputs,
        facets=facets,
    )


def harmonised(
    platform: Platform, table: SharedTable, rests_on: Iterable[RestsOn], version: str, started_at: datetime
) -> RunTold:
    """Return how one dataset of the shared layer was made."""
    namespace = namespace_of(platform)
    served = tuple(rests_on)
    facts = VersionFacts(version=version, rests_on=served, **table.model_dump(include=set(VersionFacts.model_fields)))
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=table.rows, producer=PRODUCER
    )
    contract = platform.contracts[table.dataset]
    return RunTold(
        job=f"{HARMONISE}.{table.dataset}",
        started_at=started_at,
        inputs=[
            InputDataset(namespace, accepted_name(name), facets=_described(platform.contracts[name]))
            for name in sorted({one.dataset for one in served})
        ],
        outputs=[
            OutputDataset(
                namespace,
                shared_name(table.dataset),
                outputFacets={"outputStatistics": statistics},
                facets=_described(contract),
            )
        ],
        facets={VersionFacts.facet: _ours(facts)},
    )


def published(
    platform: Platform, facts: PublicationFacts, entries: Iterable[str], closed: Iterable[str], started_at: datetime
) -> RunTold:
    """Return how the entries of one dataset in the catalogue came to be; ``closed`` are those that were taken out."""
    namespace = namespace_of(platform)
    described = _described(platform.contracts[facts.dataset])
    drop = lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet(
        lifecycle_state_change_dataset.LifecycleStateChange.DROP, producer=PRODUCER
    )
    outputs = [OutputDataset(namespace, entry_name(name), facets=described) for name in entries]
    outputs += [OutputDataset(namespace, entry_name(name), facets={"lifecycleStateChange": drop}) for name in closed]
    return RunTold(
        job=f"{PUBLISH}.{facts.dataset}",
        started_at=started_at,
        inputs=[InputDataset(namespace, shared_name(facts.dataset))],
        outputs=outputs,
        facets={PublicationFacts.facet: _ours(facts)},
    )


def broken(job: str, error: BaseException, started_at: datetime) -> RunTold:
    """Return a step that could not be done, with its error's own words."""
    message = error_message_run.ErrorMessageRunFacet(f"{type(error).__name__}: {error}", "Python", producer=PRODUCER)
    return RunTold(job=job, started_at=started_at, end="FAIL", facets={"errorMessage": message})


def _declared(platform: Platform, receipt: Receipt) -> Source | None:
    organisation = platform.federation.organisations.get(receipt.member_id)
    return next(
        (source for source in (organisation.sources if organisation else ()) if source.id == receipt.source_id), None
    )


def _ours(facts: ReceiptFacts | VersionFacts | PublicationFacts) -> RunFacet:
    made = RunFacet(producer=PRODUCER).with_additional_properties(**facts.model_dump(mode="json", exclude_none=True))
    return cast(RunFacet, made)


def _source_dataset(namespace: str, receipt: Receipt, source: Source | None) -> InputDataset:
    metrics = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
        columnMetrics={}, rowCount=receipt.rows_in, bytes=receipt.file_bytes, fileCount=1, producer=PRODUCER
    )
    kept_where = datasource_dataset.DatasourceDatasetFacet(
        name=source.connector if source else receipt.source_id, uri=_address(source), producer=PRODUCER
    )
    return InputDataset(
        namespace,
        source_name(receipt.member_id, receipt.source_id),
        inputFacets={"dataQualityMetrics": metrics} if receipt.rows_in is not None else {},
        facets={"dataSource": kept_where},
    )


def _address(source: Source | None) -> str | None:
    """Where a source is, without a name, password or query, which may hold a secret."""
    address = source.options.get("url") if source else None
    if not isinstance(address, str):
        return None
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _described(contract: Contract) -> dict[str, Any]:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=column.name, type=column.type, description=column.description)
        for column in contract.columns
    ]
    return {
        "schema": schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER),
        "documentation": documentation_dataset.DocumentationDatasetFacet(
            contract.description_en or contract.description, producer=PRODUCER
        ),
    }
