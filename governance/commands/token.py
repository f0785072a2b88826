"""``archipel token``: mint a short token for a declared member or partner, with the development issuer."""

import json
from typing import Annotated

import typer

from governance.federation import DeclarationError, load_federation
from governance.identity.issuer import LONGEST_HOURS, DevelopmentIssuer, IssuerError
from governance.settings import load_settings


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(2)


def token(
    organisation: Annotated[str, typer.Argument(help="Id or SIREN of a declared member or partner.")],
    hours: Annotated[float, typer.Option(min=0.01, max=LONGEST_HOURS, help="How long the token is valid.")] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: token, organisation, hours.")] = False,
) -> None:
    """Print an access token for the feeds API; development only."""
    settings = load_settings()
    try:
        federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
        known = federation.organisations
        who = known.get(organisation) or federation.by_siren.get(organisation)
        if who is None:
            raise _fail(f"No organisation {organisation!r}. Known: {', '.join(known)}.")
        minted = DevelopmentIssuer(settings).mint(who, hours)
    except (DeclarationError, IssuerError) as error:
        raise _fail(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"token": minted, "organisation": who.id, "siren": who.siren, "hours": hours}))
    else:
        typer.echo(minted)
