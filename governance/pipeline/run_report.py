"""The files of one run's report, where the console and the clerk find them."""

from governance.intake.model import Examined
from governance.intake.report_files import (
    write_quarantine_csv,
    write_report_csv,
    write_report_html,
    write_report_json,
)
from governance.lake import Lake


def write_run_report(lake: Lake, run_id: str, examined: Examined) -> None:
    """Write ``report.json``, ``report.csv``, ``report.fr.html``, ``report.en.html``, and the rows left out if any."""
    folder = lake.quarantine(run_id)
    write_report_json(examined.report, folder / "report.json")
    write_report_csv(examined.report, folder / "report.csv")
    write_report_html(examined.report, folder / "report.fr.html", "fr")
    write_report_html(examined.report, folder / "report.en.html", "en")
    if examined.quarantined.height:
        write_quarantine_csv(examined.quarantined, folder / "quarantine.csv")
