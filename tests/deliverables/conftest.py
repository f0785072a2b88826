"""The world of two communes of the pipeline's tests, with a file of which some cells are wrong. All is synthetic."""

from dataclasses import dataclass

import pytest

from governance.deliverables.kept_file import KeptFile, read_kept_file
from governance.deliverables.sight import Sight
from governance.intake.model import RowError
from governance.pipeline.run_reports import read_run_report
from governance.state.receipts import Receipt
from tests.pipeline.conftest import World, database_url, place, world

__all__ = ["database_url", "world"]
HEADER = "id_local;nom_lieu;insee;type;date_maj;ouvert;Xlong;Ylat;Téléphone de la gardienne"
LINES = (
    "44052-C-001;Aire exemple 1;44052;Parking;2026-01-15;true;-2,07;47,32;0600000001",
    "44052-C-002;=1+1;44052;Parking;15/01/2026;true;-2,07;47,32;0600000002",
    "",
    '44052-C-003;"Aire exemple\n3";44052;Stade;2026-01-15;true;-2,07;47,32;0600000003',
    "44052-C-004;Aire exemple 4;44052;Parking;2026-01-15;true;nulle part;47,32;0600000004",
)
"""Line 3 has a certain date, line 4 is blank, line 5 a type that is not allowed, line 7 a number that is none."""


@dataclass(frozen=True)
class WrongFile:
    """A run of a file with wrong cells."""

    world: World
    receipt: Receipt
    kept: KeptFile
    errors: tuple[RowError, ...]
    everything: Sight


@pytest.fixture
def wrong(world: World) -> WrongFile:
    changed = world.declare("donges", formats={"decimal": ","})
    world.write("trignac", place(1, "44210"))
    (world.folders["donges"] / "lieux.csv").write_text("\n".join([HEADER, *LINES]) + "\n", encoding="utf-8")
    receipt = changed.harvest()["donges"]
    kept, report = read_kept_file(changed.platform, receipt), read_run_report(changed.platform.lake, receipt)
    assert kept is not None and report is not None
    columns = frozenset(column.name for column in kept.contract.columns)
    return WrongFile(changed, receipt, kept, tuple(report.report.errors), Sight(columns, True))
