"""What was found wrong in the files of a batch, kept as columns; drawn as words when somebody asks.

Two Parquet files a batch: every error of every file, and the rows left out as they were sent. The contract they were
judged by lies inside the first, and each source's declaration, since words about an error and a second reading of the
same bytes need them and they may have changed since.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from governance.contracts.model import Contract
from governance.federation import Source
from governance.intake.findings import Findings
from governance.intake.model import ContractFacts, Examined, FileFacts, Report, RowCounts, Status
from governance.intake.origin import Origin
from governance.lake import Lake, write_atomically
from governance.parquet_bytes import to_parquet
from governance.pipeline.accepted_rows import repeated
from governance.pipeline.overlaps import overlaps_of_run
from governance.pipeline.references import Runs
from governance.state.receipts import Receipt

_ROWS = "quarantined.parquet"


@dataclass(frozen=True)
class RunReport:
    """What a run has to say: its report, and the rows left out, as the clerk wrote them, with the rules they break."""

    report: Report
    quarantined: pl.DataFrame


@dataclass(frozen=True)
class ReadBy:
    """What a file was read and judged by; ``source`` is absent for a run of before it was kept."""

    contract: Contract
    source: Source | None
    referred: Runs
    """Runs of the same member whose rows it was held against, by dataset."""


def write_run_reports(
    lake: Lake,
    batch_id: str,
    contract: Contract,
    runs: Sequence[tuple[str, Examined]],
    declared: Mapping[str, Source] | None = None,
    referred: Mapping[str, Runs] | None = None,
) -> None:
    """Keep the errors and the quarantined rows of runs, each by its id, and what they were read by.

    ``declared`` is the source of each run; where its secret is stays out, since no reading needs it. ``referred`` are
    the runs whose rows it was held against, by dataset.
    """
    folder, ids = lake.quarantine(batch_id), [run_id for run_id, _ in runs]
    errors = [_frame_of(examined, contract) for _, examined in runs]
    write_atomically(
        lake.errors_of(batch_id), to_parquet(_stamped(ids, errors), _read_by(contract, declared or {}, referred or {}))
    )
    rows = _stamped(ids, [examined.quarantined for _, examined in runs])
    if rows.height:
        write_atomically(folder / _ROWS, to_parquet(rows))


def find_read_by(lake: Lake, receipt: Receipt) -> ReadBy | None:
    """Return what a run's file was read by, or None where no file was read or nothing is kept any more."""
    if receipt.batch_id is None:
        return None
    try:
        kept = pl.read_parquet_metadata(lake.errors_of(receipt.batch_id))
        contract = Contract.model_validate_json(kept["contract"])
    except (FileNotFoundError, KeyError):
        return None
    source = json.loads(kept.get("sources", "{}")).get(receipt.run_id)
    referred = {
        name: tuple(runs) for name, runs in json.loads(kept.get("referred", "{}")).get(receipt.run_id, {}).items()
    }
    return ReadBy(contract, Source.model_validate(source) if source is not None else None, referred)


def read_run_report(lake: Lake, receipt: Receipt) -> RunReport | None:
    """Return what is kept of a run, or None where no file was read or nothing is kept any more.

    While the run's rows count, what other files give as well is told too: it is known only since data was harmonised.
    """
    read_by = find_read_by(lake, receipt)
    if read_by is None or receipt.batch_id is None:
        return None
    folder, contract = lake.quarantine(receipt.batch_id), read_by.contract
    errors = _of_run(lake.errors_of(receipt.batch_id), receipt)
    between = overlaps_of_run(lake, contract, receipt.run_id)
    source = read_by.source
    origin = Origin() if source is None else Origin(source.columns, source.column_formats, source.formats)
    findings = Findings(pl.concat([errors, between]) if between.height else errors, contract, origin)
    rows = folder / _ROWS
    return RunReport(
        _report(receipt, contract, findings), _of_run(rows, receipt) if rows.is_file() else _no_rows(contract)
    )


def read_as(receipt: Receipt) -> FileFacts:
    """Return how a run's file was read: what its source pins, and what was found."""
    found = json.loads(receipt.detected or "{}")
    return FileFacts.model_validate({**found, "name": receipt.file_name or "", "sha256": receipt.file_sha256 or ""})


def _of_run(path: Path, receipt: Receipt) -> pl.DataFrame:
    return pl.read_parquet(path).filter(pl.col("run_id") == receipt.run_id).drop("run_id")


def _read_by(contract: Contract, declared: Mapping[str, Source], referred: Mapping[str, Runs]) -> dict[str, str]:
    sources = {
        run_id: source.model_dump(mode="json", exclude={"secret"}, exclude_unset=True)
        for run_id, source in declared.items()
    }
    told = {"contract": contract.model_dump_json(), "sources": json.dumps(sources)}
    return {**told, "referred": json.dumps(referred)} if referred else told


def _frame_of(examined: Examined, contract: Contract) -> pl.DataFrame:
    errors = examined.report.errors
    if not isinstance(errors, Findings):
        raise TypeError(f"an examination by {contract.id} gives its errors as columns")
    return errors.frame


def _stamped(ids: Sequence[str], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    heights = [frame.height for frame in frames]
    return pl.concat(frames, rechunk=True).with_columns(repeated(ids, heights, "run_id"))


def _no_rows(contract: Contract) -> pl.DataFrame:
    cells = {column.name: pl.String for column in contract.columns}
    return pl.DataFrame(schema={**cells, "line_number": pl.Int64, "rules": pl.List(pl.String)})


def _report(receipt: Receipt, contract: Contract, errors: Findings) -> Report:
    status: Status = "unusable" if not receipt.rows_in else "invalid" if receipt.rows_quarantined else "valid"
    counts = RowCounts(
        read=receipt.rows_in or 0,
        accepted=receipt.rows_accepted or 0,
        quarantined=receipt.rows_quarantined or 0,
        duplicates=receipt.rows_duplicates or 0,
    )
    return Report(
        status=status,
        file=read_as(receipt),
        contract=ContractFacts(id=contract.id, version=contract.version),
        rows=counts,
        errors=errors,
    )
