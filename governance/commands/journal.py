"""``archipel journal``: verify, search and export the append-only record."""

from datetime import datetime
from typing import Annotated, cast
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from rich.table import Table

from governance.commands.screen import open_screen
from governance.journal.journal import Journal
from governance.journal.model import Entry, Kind, Search
from governance.settings import load_settings

app = typer.Typer(help="Journal: verify, search, export.", no_args_is_help=True)


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


@app.command("export")
def export() -> None:
    """Every entry as a line of JSON, oldest first, and the head; identities stay in the platform."""
    for line in _open().export():
        typer.echo(line)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo("Europe/Paris"))


def _print(found: list[Entry]) -> None:
    table = Table("#", "at", "kind", "target", "subject", "fields")
    for entry in found:
        told = ", ".join(f"{name}={value}" for name, value in entry.fields.items() if value not in (None, [], {}))
        pseudonym = (entry.subject or "")[:8]
        table.add_row(
            str(entry.sequence), entry.at.isoformat(timespec="seconds"), entry.kind, entry.target, pseudonym, told
        )
    open_screen().print(table)
