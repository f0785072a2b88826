"""The files of one run's report; pages, CSV and other languages are drawn from them when somebody asks."""

from governance.intake.model import Examined
from governance.intake.report_files import write_quarantine_csv, write_report_json
from governance.lake import Lake


def write_run_report(lake: Lake, run_id: str, examined: Examined) -> None:
    """Write ``report.json`` with every error in both languages, and the rows left out, if any, as they were sent."""
    folder = lake.quarantine(run_id)
    write_report_json(examined.report, folder / "report.json")
    if examined.quarantined.height:
        write_quarantine_csv(examined.quarantined, folder / "quarantine.csv")
