"""How far connectors may go in this installation: patience, sizes, addresses, folders."""

from connectors.base import EgressRules, Limits
from governance.federation import Federation
from governance.settings import Settings


def example_site_of(settings: Settings, federation: Federation) -> tuple[str, ...]:
    """Return ``host:port`` of the example town halls where a source is declared to lie there, else nothing.

    An installation whose declarations name no example site opens no address of its own machine.
    """
    address = settings.example_sites_address
    options = [source.options for _, source in federation.sources()]
    options += [catalogue.options for catalogue in federation.external.values()]
    declared = (str(value) for each in options for value in each.values())
    return (address.removeprefix("http://"),) if any(value.startswith(address) for value in declared) else ()


def limits_of(settings: Settings, exceptions: tuple[str, ...] = ()) -> Limits:
    """Return the limits that the settings say; ``exceptions`` are further ``host:port`` pairs."""
    return Limits(
        timeout_seconds=settings.fetch_timeout_seconds,
        max_bytes=settings.fetch_max_bytes,
        attempts=settings.fetch_attempts,
        egress=EgressRules(exceptions=(*settings.egress_exceptions, *exceptions)),
        folders=settings.source_folders,
        uploads=settings.uploads_dir,
    )
