"""``archipel report``: what is to be mended in the last file of a source, on screen or as a file for the clerk."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from governance.commands.options import FederationOption, JsonOption, Language, StateOption, chosen_settings
from governance.commands.show_report import show_report
from governance.deliverables.copy_words import COPY_WORDS
from governance.deliverables.corrected_copy import NoCopy, write_corrected_copy
from governance.deliverables.kept_file import read_kept_file
from governance.deliverables.sight import Sight, sight_of
from governance.intake.model import Report
from governance.intake.report_files import write_report
from governance.lake import write_atomically
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.failures import StepFailed
from governance.pipeline.run_reports import read_run_report
from governance.platform import Platform, open_platform
from governance.state.receipts import READ, Receipt, find_receipt, latest_receipts

_ENDINGS = (".html", ".htm", ".csv", ".json", ".xlsx")
_SAYINGS = {
    "fr": {
        "no_run": "aucun fichier lu n'est connu sous « {name} » (une commune et sa source, ou le numéro d'un accusé)",
        "no_report": "rien n'est gardé du passage {name} : aucun fichier n'y a été lu",
        "ending": "le nom du fichier doit finir par {endings}",
        "written": "{path} : {count} point(s) à corriger ou à améliorer.",
    },
    "en": {
        "no_run": "no file that was read is known as “{name}” (a member and its source, or the number of a receipt)",
        "no_report": "nothing is kept of run {name}: no file was read in it",
        "ending": "the file's name must end in {endings}",
        "written": "{path}: {count} thing(s) to mend or to improve.",
    },
}


class NoReport(StepFailed):  # noqa: N818 - kept because it is named after the fact it states
    """What was asked for is not there; the message says what is missing."""


def report(
    run: Annotated[str, typer.Argument(help="Id of a member or partner, or the number of a receipt.")],
    source: Annotated[str | None, typer.Argument(help="Id of its source, after a member.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write it here: .html, .csv, .json or .xlsx.")] = None,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Show what is to be mended in a file that was read; .xlsx is a copy of it with the wrong cells marked.

    Values are shown where the policy engine lets everybody preview their column.
    Ends with 0 when there is a report, 2 when there is none.

    Example: archipel report donges subventions --to a-corriger.xlsx
    """
    say = _SAYINGS[lang.value]
    if to is not None and to.suffix.lower() not in _ENDINGS:
        raise NoReport(say["ending"].format(endings=", ".join(_ENDINGS)))
    with with_policy_engine(chosen_settings(federation, state)) as settings:
        platform = open_platform(settings)
        receipt = _receipt(platform, run, source, say)
        kept = read_run_report(platform.lake, receipt)
        if kept is None:
            raise NoReport(say["no_report"].format(name=receipt.run_id))
        sight = sight_of(platform, receipt.dataset, platform.contracts.get(receipt.dataset))
        if to is not None and to.suffix.lower() == ".xlsx":
            write_atomically(to, _copy(platform, receipt, kept.report, sight, lang))
        elif to is not None:
            write_report(_seen(kept.report, sight), to, lang.value)
    if to is not None:
        typer.echo(say["written"].format(path=to, count=len(kept.report.errors)))
        return
    seen = _seen(kept.report, sight)
    if as_json:
        typer.echo(json.dumps(seen.model_dump(mode="json"), ensure_ascii=False))
    else:
        show_report(seen, lang.value)


def _receipt(platform: Platform, run: str, source: str | None, say: dict[str, str]) -> Receipt:
    """The receipt of that number, or of the last file of that source that was read."""
    found = find_receipt(platform.engine, run) if source is None else None
    found = found or latest_receipts(platform.engine, READ).get((run, source or ""))
    if found is None:
        raise NoReport(say["no_run"].format(name=f"{run} {source}" if source else run))
    return found


def _seen(report: Report, sight: Sight) -> Report:
    return report.model_copy(update={"errors": tuple(sight.seen(error) for error in report.errors)})


def _copy(platform: Platform, receipt: Receipt, report: Report, sight: Sight, lang: Language) -> bytes:
    kept = read_kept_file(platform, receipt)
    words = COPY_WORDS[lang.value]
    if kept is None:
        raise NoReport(words["no_table"])
    try:
        # Whoever asks at a terminal waits as long as it takes; only a sheet's own limit is left.
        return write_corrected_copy(kept, report.errors, sight, lang.value, most_cells=sys.maxsize)
    except NoCopy as refusal:
        raise NoReport(words[refusal.code]) from None
