"""``archipel token``: a short token of a declared organisation, from Keycloak where one is named, else minted here."""

import json
from typing import Annotated

import typer

from governance.federation import DeclarationError, Member, Partner, load_federation
from governance.identity.issuer import LONGEST_HOURS, DevelopmentIssuer, IssuerError
from governance.identity.refused import KeycloakRefused
from governance.settings import Settings, load_settings


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(2)


def _token_of(settings: Settings, who: Member | Partner, hours: float) -> tuple[str, float]:
    """Return the token and how many hours it is valid; Keycloak's realm says how long, whatever was asked."""
    if settings.keycloak_url is None:
        return DevelopmentIssuer(settings).mint(who, hours), hours
    # Imported here because Keycloak's client is slow to import and most installations of a laptop have none.
    from governance.identity.keycloak.partner_token import fetch_token

    fetched, seconds = fetch_token(settings, who)
    return fetched, seconds / 3600


def token(
    organisation: Annotated[str, typer.Argument(help="Id or SIREN of a declared member or partner.")],
    hours: Annotated[
        float, typer.Option(min=0.01, max=LONGEST_HOURS, help="How long a development token is valid.")
    ] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: token, organisation, hours.")] = False,
) -> None:
    """Print an access token for the feeds API: a partner's from Keycloak where one is set, else a development one."""
    settings = load_settings()
    try:
        federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
        known = federation.organisations
        who = known.get(organisation) or federation.by_siren.get(organisation)
        if who is None:
            raise _fail(f"No organisation {organisation!r}. Known: {', '.join(known)}.")
        minted, hours = _token_of(settings, who, hours)
    except (DeclarationError, IssuerError, KeycloakRefused) as error:
        raise _fail(str(error)) from error
    if as_json:
        typer.echo(json.dumps({"token": minted, "organisation": who.id, "siren": who.siren, "hours": hours}))
    else:
        typer.echo(minted)
