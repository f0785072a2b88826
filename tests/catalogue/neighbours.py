"""Catalogues of others beside a world's: records as their portals tell them, and the one call that publishes both."""

from datetime import datetime, timedelta
from typing import Any

from governance.catalogue.external.kept import KeptCatalogue
from governance.catalogue.external.listing import Listing, list_external
from governance.catalogue.model import Catalogue
from governance.catalogue.publication import Publication, publish_open_data
from governance.external_catalogues import DeclaredCatalogue
from tests.catalogue.world import CONTRACTS, DAY_ONE, PUBLIC, World

GRACE = timedelta(days=30)
PORTAL = "https://departement.example"
Record = dict[str, Any]


def record_of(name: str, **more: Any) -> Record:
    """Return what a portal says of a dataset of its own."""
    return {
        "uri": f"{PORTAL}/dataset/{name}",
        "identifier": name,
        "title": f"Pistes de {name}",
        "description": "Ce que c'est.",
        "publisher": "Département (exemple)",
        "modified": "2026-02-01T00:00:00+01:00",
        "license": "lov2",
        "keyword": ["pistes", "vélo"],
        "theme": ["http://publications.europa.eu/resource/authority/data-theme/TRAN", "Transports"],
        "spatial": ["http://id.insee.fr/geo/commune/44013"],
        "landingPage": [f"{PORTAL}/dataset/{name}"],
        "distribution": [{"title": "CSV", "downloadURL": f"{PORTAL}/{name}.csv", "format": "csv"}],
        **more,
    }


def declared_as(name: str = "departement", **keep: Any) -> DeclaredCatalogue:
    """Return the declaration of a catalogue; by default what is of the territory is kept."""
    return DeclaredCatalogue.model_validate(
        {
            "id": name,
            "name": "Portail du département (exemple)",
            "homepage": PORTAL,
            "connector": "dcat",
            "options": {"url": f"{PORTAL}/catalog.ttl"},
            "keep": keep or {"territory": True},
        }
    )


class Neighbours:
    """Catalogues of others beside a world's, and the one call that publishes both."""

    def __init__(self, world: World, *declared: DeclaredCatalogue) -> None:
        self.world = world
        self.known: dict[str, KeptCatalogue] = {}
        self.declare(*declared)

    def declare(self, *declared: DeclaredCatalogue) -> None:
        """Replace what the federation declares."""
        told = {"external": {each.id: each for each in declared}}
        self.world.federation = self.world.federation.model_copy(update=told)

    def tell(self, records: list[Record], at: datetime = DAY_ONE, name: str = "departement") -> None:
        """Take these for all that a catalogue lists from now on."""
        self.known[name] = self.known.get(name, KeptCatalogue()).told(records, at)

    def list(self, ours: Catalogue, at: datetime) -> Listing:
        """Say what stands beside a catalogue of ours."""
        return list_external(self.world.federation, ours, self.known, at, GRACE)

    def publish(self, at: datetime = DAY_ONE) -> Publication:
        """Publish the shared version of the world and what stands beside it, as files."""
        world = self.world
        assert world.shared is not None
        return publish_open_data(
            federation=world.federation,
            contracts=CONTRACTS,
            shared=world.shared,
            lake=world.lake,
            pdp=world.decisions,
            state_dir=world.root,
            public_address=PUBLIC,
            receipts=(),
            instant=at,
            external=lambda ours: self.list(ours, at).catalogues,
        )
