"""The web server of the example town halls, with the habits and faults of real ones."""

import sys
from pathlib import Path

from governance.settings import Settings
from infra.native.service import Say, Service, answers_at
from infra.town_halls.generate import generate
from infra.town_halls.portal import CATALOGUE


def sites_folder(settings: Settings) -> Path:
    """Return where the files of the example sites are made."""
    return settings.state_dir / "example-sites"


def _configure(settings: Settings, say: Say) -> None:
    if not (sites_folder(settings) / CATALOGUE).is_file():  # by that which an earlier version did not make
        say("  writing the example town halls' files (synthetic)")
        generate(sites_folder(settings), seed=1)


def _command(settings: Settings) -> tuple[str, ...]:
    where = ("--dir", str(sites_folder(settings)), "--host", settings.host, "--port", str(settings.example_sites_port))
    return (sys.executable, "-m", "infra.town_halls.serve", *where)


EXAMPLE_SITES = Service(
    name="example-sites",
    command=_command,
    port="example_sites_port",
    is_ready=answers_at("example_sites_port", "/"),
    configure=_configure,
)
