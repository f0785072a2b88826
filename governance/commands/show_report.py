"""A report on the screen of a terminal."""

from rich.markup import escape
from rich.table import Table

from governance.commands.screen import open_screen
from governance.intake.messages import MESSAGES, WORDS
from governance.intake.model import Report
from governance.intake.report_files import by_rule

SHOWN_OF_A_RULE = 5
_MORE = {"fr": "… et {n} autres", "en": "… and {n} more"}


def show_report(report: Report, lang: str) -> None:
    """Print a report: counts, then the first faults of each rule with their remedies."""
    words, console = WORDS[lang], open_screen()
    style = {"valid": "green", "invalid": "yellow", "unusable": "red"}[report.status]
    console.print(f"[bold {style}]{words[report.status]}[/] {escape(report.file.name)} ({report.contract.id})")
    rows = report.rows
    counts = (("read", rows.read), ("accepted", rows.accepted), ("quarantined", rows.quarantined))
    console.print(" · ".join(f"{words[name]} : {count}" for name, count in (*counts, ("duplicates", rows.duplicates))))
    for rule, count, errors in by_rule(report):
        name = MESSAGES[rule].title(lang) or rule
        table = Table(
            title=f"{name} ({words[errors[0].severity]}, {words['count'].format(n=count)})", title_justify="left"
        )
        for name in ("line", "message", "remedy"):
            table.add_column(words[name])
        for error in errors[:SHOWN_OF_A_RULE]:
            message, remedy = (
                (error.message_en, error.remedy_en) if lang == "en" else (error.message_fr, error.remedy_fr)
            )
            line = words["whole"] if error.line is None else str(error.line)
            table.add_row(line, escape(message), escape(remedy))
        if count > SHOWN_OF_A_RULE:
            table.caption = _MORE[lang].format(n=count - SHOWN_OF_A_RULE)
        console.print(table)
