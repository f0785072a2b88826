"""``archipel identity``: keep the realm of Keycloak in step with the declarations."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from governance.identity.keycloak.declarations import apply_declarations
from governance.settings import load_settings

app = typer.Typer(help="Identity: apply the realm to Keycloak.", no_args_is_help=True)
_DONE = {
    "create": ("créé", "created"),
    "update": ("mis à jour", "updated"),
    "disable": ("désactivé", "disabled"),
    "remove": ("retiré", "removed"),
}
_KINDS = {
    "realm": "royaume",
    "role": "rôle",
    "organisation": "organisme",
    "client": "client",
    "claim": "mention",
}


@app.callback()
def identity() -> None:
    """Keep the realm of Keycloak in step with the declarations."""


@app.command("apply")
def apply(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: dry_run, writes, changes.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
) -> None:
    """Write into Keycloak what differs from the declarations; users are never touched."""
    changes = apply_declarations(load_settings(), dry_run)
    if as_json:
        told = [asdict(change) for change in changes]
        typer.echo(json.dumps({"dry_run": dry_run, "writes": len(changes), "changes": told}))
        return
    for change in changes:
        french, english = _DONE[change.action]
        typer.echo(f"{_KINDS[change.kind]} {change.name} : {french} / {change.kind} {english}")
    if dry_run:
        typer.echo(f"{len(changes)} écriture(s) à faire, rien n'est écrit / {len(changes)} to write, nothing written")
    else:
        typer.echo(f"{len(changes)} écriture(s) / {len(changes)} written")
