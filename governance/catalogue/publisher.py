"""The one port through which a catalogue reaches its readers: files, and CKAN.

A publisher makes its target equal to the catalogue. It compares fingerprints, writes what differs, archives
what vanished, touches only the fields it owns, and says what it did; told the same twice, it writes nothing.
"""

from typing import Protocol

from pydantic import BaseModel, ConfigDict

from governance.catalogue.model import Catalogue
from governance.catalogue.store import DistributionStore


class PublicationResult(BaseModel):
    """What one publication did to its target; dataset ids, sorted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    bytes_written: int = 0
    version: str = ""
    """What readers see after it, as the target names it."""

    @property
    def changed(self) -> bool:
        """Whether readers see anything new."""
        return bool(self.created or self.updated or self.archived or self.bytes_written)


class CataloguePublisher(Protocol):
    """Makes one target equal to a catalogue."""

    def publish(self, catalogue: Catalogue, store: DistributionStore) -> PublicationResult:
        """Write what differs and archive what vanished; the store holds the files.

        Readers see the catalogue as it was or as it is, never a mixture, where the target can do so.
        """
        ...
