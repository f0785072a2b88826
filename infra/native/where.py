"""What to open next, with a ready command for a feed."""

import sys

import typer

from governance.settings import Settings
from infra.native.services import airflow_password_file


def print_where_to_look(settings: Settings) -> None:
    """Print the addresses of the console, the catalogue, a feed and Airflow."""
    public = settings.public_address
    password = airflow_password_file(settings)
    typer.echo(
        "\n".join(
            [
                "",
                f"  Console    {public}/",
                f"  Catalogue  {public}/catalogue/catalog.ttl",
                f"  Open feed  curl '{public}/v1/feeds/subventions?format=csv&limit=5'",
                f"  Shared feed, as the example start-up ({sys.executable} must be the project's own):",
                "             TOKEN=$(.venv/bin/archipel token exemple-startup)",
                '             curl -H "Authorization: Bearer $TOKEN" \\',
                f"               '{public}/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment'",
                f"  Airflow    http://{settings.host}:{settings.airflow_port}/  user operator, password in {password}",
                "",
            ]
        )
    )
