"""What a harvest would say of a file's first rows if every proposal were declared; nothing is kept."""

from collections.abc import Sequence
from dataclasses import replace

from governance.contracts.model import Contract
from governance.federation import ColumnFormats, Formats
from governance.intake.examine import examine_table
from governance.intake.model import ReceivedFile, Report
from governance.intake.table import TextTable
from governance.mapping.match import Match
from governance.mapping.source_lines import lines_of

FIRST_ROWS = 1_000
"""Rows that are rehearsed; a town hall's habits show in far fewer, and somebody waits for the answer."""


def rehearse_proposal(
    file: ReceivedFile, table: TextTable, matches: Sequence[Match], contract: Contract, most: int = FIRST_ROWS
) -> Report:
    """Return the report of a table's first rows, read as the proposals say, the doubtful ones too."""
    lines = lines_of([match for match in matches if match.origin])
    read_so = replace(
        file,
        columns=lines.columns,
        constants=lines.constants,
        formats=Formats.model_validate(lines.formats),
        column_formats={name: ColumnFormats.model_validate(own) for name, own in lines.column_formats.items()},
    )
    report = examine_table(read_so, replace(table, rows=table.rows.head(most)), contract).report
    # Written out here because errors are drawn when they are read, and the file is gone by then.
    return report.model_copy(update={"errors": tuple(report.errors)})
