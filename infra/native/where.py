"""What to open next, with a ready command for a feed."""

from pathlib import Path

import typer

from governance.settings import PROJECT_ROOT, Settings
from infra.native.services.airflow import airflow_password_file
from infra.native.services.front import authority_file


def print_where_to_look(settings: Settings) -> None:
    """Print the addresses of the console, the catalogue, a feed and Airflow."""
    public = settings.public_address
    password = _near(airflow_password_file(settings))
    own = _near(authority_file(settings)) if public.startswith("https:") and not settings.tls_certificate else None
    # With a Keycloak the password is the platform's own account's; a person who opens Airflow signs in.
    signed = "operators sign in" if settings.people_sign_in else f"operator; password in {password}"
    trust = f" --cacert {own}" if own else ""
    typer.echo(
        "\n".join(
            [
                "",
                f"  Console    {public}/",
                f"  Catalogue  {public}/catalogue/catalog.ttl",
                *([f"  CKAN       {settings.ckan_public_url or settings.ckan_url}/"] if settings.ckan_url else []),
                *([f"  Authority  {own}  (give it to your browser)"] if own else []),
                f"  Open feed  curl{trust} '{public}/v1/feeds/subventions?format=csv&limit=5'",
                "  Shared feed, as the example start-up:",
                "             TOKEN=$(.venv/bin/archipel token exemple-startup)",
                "             curl" + trust + ' -H "Authorization: Bearer $TOKEN" \\',
                f"               '{public}/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment'",
                f"  Airflow    http://{settings.host}:{settings.airflow_port}/  ({signed})",
                "",
            ]
        )
    )


def _near(path: Path) -> Path:
    """A path as a person in the project's folder would type it."""
    return path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path
