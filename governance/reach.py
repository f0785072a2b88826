"""How far connectors may go in this installation: patience, sizes, addresses, folders."""

from connectors.base import EgressRules, Limits
from governance.settings import Settings


def limits_of(settings: Settings, exceptions: tuple[str, ...] = ()) -> Limits:
    """Return the limits that the settings say; ``exceptions`` are further ``host:port`` pairs for one occasion."""
    return Limits(
        timeout_seconds=settings.fetch_timeout_seconds,
        max_bytes=settings.fetch_max_bytes,
        attempts=settings.fetch_attempts,
        egress=EgressRules(exceptions=(*settings.egress_exceptions, *exceptions)),
        folders=settings.source_folders,
    )
