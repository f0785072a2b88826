"""One service at a time, for whoever has another supervisor than ours: compose, systemd, Kubernetes.

The same obtaining, configuring and starting as in the full profile, so that both run the same thing.
"""

from collections.abc import Callable

import typer

from governance.settings import Settings
from infra.native.installation import require_same_state, settle
from infra.native.profiles import PLATFORM, PROFILES
from infra.native.programs import become
from infra.native.service import Service, StartFailed, obtain_all

FULL = PROFILES["full"]


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _adapted() -> Settings:
    asked = Settings()
    adapted = FULL.adapt(asked)
    require_same_state(adapted)
    settle(asked, adapted)
    return adapted


def _named(name: str) -> Service:
    """Return one service of the full profile.

    Raises:
        StartFailed: there is none of that name.
    """
    for service in FULL.chosen([name]):
        if service.name == name:
            return service
    raise StartFailed(f"There is no service {name!r}")


def obtain() -> None:
    """Download and build what the services of the full profile are made of; nothing is started or kept elsewhere."""
    obtain_all(FULL.adapt(Settings()), FULL.services, _say)


def serve(name: str) -> None:
    """Configure one service of the full profile and become it; what it needs has to be ready."""
    settings, service = _adapted(), _named(name)
    service.configure(settings, _say)
    together = PLATFORM if service in PLATFORM else (service,)
    environment = {key: value for each in together for key, value in each.environment(settings).items()}
    become(service.command(settings), {**environment, **service.own_environment(settings)}, service.user(settings))


def furnish(name: str) -> None:
    """Make what one service holds, such as the platform's tables in PostgreSQL; it has to be ready."""
    _named(name).furnish(_adapted(), _say)


def ready(name: str) -> None:
    """Say whether one service answers; ends with 1 when it does not."""
    service = _named(name)
    if service.is_ready is not None and not service.is_ready(FULL.adapt(Settings())):
        raise typer.Exit(1)


COMMANDS: tuple[Callable[..., None], ...] = (obtain, serve, furnish, ready)
