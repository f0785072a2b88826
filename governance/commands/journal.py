"""``archipel journal``: verify, search and export the append-only record, and hold it against the engine's log."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

import typer
from pydantic import ValidationError
from rich.table import Table

from governance.commands.asking import ask_or_leave
from governance.commands.options import Language, YesOption
from governance.commands.screen import open_screen
from governance.decisions.engine_records import EngineRecords
from governance.decisions.reconcile import SETTLED, Reconciliation, reconcile
from governance.journal.journal import Journal
from governance.journal.model import Entry, Kind, Search
from governance.legal_time import read_instant
from governance.settings import load_settings
from governance.state.database import open_database

_GAPS_SHOWN = 20
_FORGET = {
    "fr": "Plus personne ne pourra dire que les entrées de « {identity} » sont les siennes ; elles restent au journal. "
    "Oublier ?",
    "en": "Nobody will be able to tell any more that the entries of {identity!r} are theirs; they stay in the journal. "
    "Forget?",
}
app = typer.Typer(
    help="Journal: verify, search, export, say or forget who, hold against the engine's log.", no_args_is_help=True
)


def _open() -> Journal:
    return Journal.from_settings(load_settings())


@app.command("verify")
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the finding as JSON, or null.")] = False,
) -> None:
    """Name the first entry that was altered, removed or reordered; exit 0 when there is none, 1 otherwise."""
    found = _open().verify()
    if as_json:
        typer.echo(found.model_dump_json() if found else "null")
    elif found:
        typer.echo(f"{found.message_fr}\n{found.message_en}")
    else:
        typer.echo("Journal intact.")
    raise typer.Exit(1 if found else 0)


@app.command("list")
def search(
    kind: Annotated[str | None, typer.Option(help="decision, policy_change, publication …")] = None,
    target: Annotated[str | None, typer.Option(help="Id of what it is about, such as a dataset.")] = None,
    subject: Annotated[str | None, typer.Option(help="Who did it, as signed in.")] = None,
    since: Annotated[str | None, typer.Option(help="ISO 8601; without a zone, French time.")] = None,
    until: Annotated[str | None, typer.Option(help="Excluded.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line.")] = False,
) -> None:
    """Entries, newest first."""
    try:
        wanted = Search(
            kind=cast("Kind | None", kind), target=target, subject=subject, since=_instant(since),
            until=_instant(until), limit=limit,
        )  # fmt: skip
    except (ValidationError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    found = _open().search(wanted)
    if as_json:
        for entry in found:
            typer.echo(entry.model_dump_json())
        return
    _print(found)


@app.command("reconcile")
def reconcile_with_engine(
    since: Annotated[str | None, typer.Option(help="ISO 8601; by default as far as the engine's log is kept.")] = None,
    until: Annotated[str | None, typer.Option(help="Excluded; by default ten minutes ago: later is under way.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and every gap as JSON.")] = False,
    lang: Annotated[str, typer.Option(help="fr or en.")] = "fr",
) -> None:
    """Hold the journal against the engine's own log and name the gaps; exit 0 when there is none, 1 otherwise."""
    settings, now = load_settings(), datetime.now(UTC)
    try:
        begin = _instant(since) or now - timedelta(days=settings.decision_log_days)
        end = _instant(until) or now - SETTLED
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    records = EngineRecords(open_database(settings.database_address))
    found = reconcile(Journal.from_settings(settings), records, begin, end)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _print_reconciliation(found, lang)
    raise typer.Exit(1 if found.gaps else 0)


@app.command("export")
def export() -> None:
    """Every entry as a line of JSON, oldest first, and the head; identities stay in the platform."""
    for line in _open().export():
        typer.echo(line)


@app.command("who")
def who(number: Annotated[int, typer.Argument(min=1, help="Number of the entry, as `list` shows it.")]) -> None:
    """Say who is behind an entry; exit 0, or 1 where nobody is, or it was forgotten. On this machine alone."""
    journal = _open()
    found = [entry for entry in journal.search(Search(before=number + 1, limit=1)) if entry.sequence == number]
    identity = journal.identity_of(found[0].subject) if found and found[0].subject else None
    if identity is None:
        typer.echo("Personne n'est connu derrière cette entrée. / Nobody is known behind this entry.", err=True)
        raise typer.Exit(1)
    typer.echo(identity)


@app.command("forget")
def forget(
    identity: Annotated[str, typer.Argument(help="Who, as signed in or as `who` says it.")],
    yes: YesOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the question.")] = Language.fr,
) -> None:
    """Forget who is behind their entries for good (GDPR, art. 17); the entries stay, and the chain with them.

    Ends with 0 when forgotten, and 1 when you said no or nobody of that name is known.
    """
    if not yes:
        ask_or_leave(_FORGET[lang.value].format(identity=identity), lang)
    if not _open().erase_identity(identity):
        typer.echo("Personne de ce nom n'est connu. / Nobody of that name is known.", err=True)
        raise typer.Exit(1)


def _print_reconciliation(found: Reconciliation, lang: str) -> None:
    counts = (found.entries, found.decisions, found.unanswered, len(found.gaps))
    if lang == "fr":
        typer.echo("Entrées : {}. Décisions du moteur : {}. Refus faute de réponse : {}. Écarts : {}.".format(*counts))
    else:
        typer.echo(
            "Entries: {}. Decisions of the engine: {}. Refused for want of an answer: {}. Gaps: {}.".format(*counts)
        )
    for gap in found.gaps[:_GAPS_SHOWN]:
        number = f"#{gap.entry}" if gap.entry else gap.engine_decision_id
        detail = f" ({gap.detail})" if gap.detail else ""
        typer.echo(f"  {gap.at.isoformat(timespec='seconds')}  {number}  {gap.target}: {gap.text(lang)}{detail}")
    if len(found.gaps) > _GAPS_SHOWN:
        typer.echo(f"  … {len(found.gaps) - _GAPS_SHOWN} : --json")


def _instant(text: str | None) -> datetime | None:
    return read_instant(text) if text is not None else None


def _print(found: list[Entry]) -> None:
    table = Table("#", "at", "kind", "target", "subject", "fields")
    for entry in found:
        told = ", ".join(f"{name}={value}" for name, value in entry.fields.items() if value not in (None, [], {}))
        pseudonym = (entry.subject or "")[:8]
        table.add_row(
            str(entry.sequence), entry.at.isoformat(timespec="seconds"), entry.kind, entry.target, pseudonym, told
        )
    open_screen().print(table)
