"""A report as files: JSON for machines, CSV for a spreadsheet, HTML for a clerk, and the quarantined rows.

All are written atomically and whole; none has a cap.
"""

import csv
import io
import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Literal

import polars as pl
from jinja2 import Environment, FileSystemLoader, Template

from governance.intake.findings import Findings
from governance.intake.messages import WORDS
from governance.intake.model import Report, RowError
from governance.lake import write_atomically

Language = Literal["fr", "en"]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First signs that make a spreadsheet run a cell instead of showing it (OWASP, CSV injection)."""
_PLAIN_NUMBER = r"^[+-]?[0-9]+(?:[.,][0-9]+)?$"
GROUP_SHOWN = 500
"""Rows of one rule that a page shows; the CSV beside it has them all."""


def escape_formula(value: str | None) -> str:
    """Return a cell that no spreadsheet runs: a quote before it where it would be a formula; numbers stay numbers."""
    if not value or not value.startswith(FORMULA_STARTS):
        return value or ""
    plain = value[1:].replace(",", ".", 1).replace(".", "", 1).isdigit() and value[0] in "+-"
    return value if plain else "'" + value


def write_report_json(report: Report, path: Path) -> None:
    """Write the report as one JSON object, keys as in ``Report``."""
    write_atomically(path, (json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n").encode())


def write_report_csv(report: Report, path: Path) -> None:
    """Write one line an error, with ``;`` and a mark so that a French spreadsheet opens it right."""
    fields = [name for name in RowError.model_fields if name != "is_part"]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(fields)
    for error in report.errors:
        values = (getattr(error, name) for name in fields)
        writer.writerow([escape_formula(None if value is None else str(value)) for value in values])
    write_atomically(path, out.getvalue().encode("utf-8-sig"))


def write_report(report: Report, path: Path, language: Language = "fr") -> None:
    """Write the report in the form that the file's name ends in: .csv, .html or .htm, else JSON."""
    ending = path.suffix.lower()
    if ending == ".csv":
        write_report_csv(report, path)
    elif ending in (".html", ".htm"):
        write_report_html(report, path, language)
    else:
        write_report_json(report, path)


def write_quarantine_csv(quarantined: pl.DataFrame, path: Path) -> None:
    """Write quarantined rows as the clerk wrote them, with their line and the rules they break."""
    cells = [name for name, kind in quarantined.schema.items() if kind == pl.String]
    plain = quarantined.with_columns(pl.col("rules").list.join(" "))
    starts = r"^[=+\-@\t\r]"
    safe = plain.with_columns(
        pl.when(pl.col(name).str.contains(starts) & ~pl.col(name).str.contains(_PLAIN_NUMBER))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name in cells
    )
    ordered = safe.select("line_number", "rules", *cells)
    write_atomically(path, ordered.write_csv(include_bom=True, separator=";").encode())


def by_rule(report: Report) -> Iterator[tuple[str, int, list[RowError]]]:
    """Give rule, number of errors and the first of them; what blocks first, then the most frequent."""
    errors = report.errors
    if isinstance(errors, Findings):
        counts = (
            errors.frame.group_by("rule", "blocks").len().sort("blocks", "len", "rule", descending=[True, True, False])
        )
        for rule, _, count in counts.iter_rows():
            shown = errors.frame.filter(pl.col("rule") == rule).head(GROUP_SHOWN)
            yield rule, count, list(Findings(shown, errors.contract, errors.origin))
        return
    rules: dict[str, list[RowError]] = {}
    for error in errors:
        rules.setdefault(error.rule, []).append(error)
    ordered = sorted(rules.items(), key=lambda item: (item[1][0].severity != "blocks", -len(item[1]), item[0]))
    for rule, found in ordered:
        yield rule, len(found), list(islice(found, GROUP_SHOWN))


@cache
def _page() -> Template:
    """The page's template, compiled once: compiling costs more than checking a small file."""
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("report_page.html")


def render_report_html(report: Report, language: Language = "fr") -> str:
    """Return the report as one page without script or outside resource."""
    groups = [
        {"rule": rule, "count": count, "errors": errors, "severity": errors[0].severity}
        for rule, count, errors in by_rule(report)
    ]
    return _page().render(report=report, groups=groups, lang=language, words=WORDS[language])


def write_report_html(report: Report, path: Path, language: Language = "fr") -> None:
    """Write the report as a page in French or English."""
    write_atomically(path, render_report_html(report, language).encode())
