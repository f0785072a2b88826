"""A real CKAN as a test needs it: as the platform, as an editor, as anybody; and a small federation to publish."""

from dataclasses import dataclass
from typing import Any

import httpx
from ckanapi import RemoteCKAN

from governance.catalogue.ckan.account import CkanAccount
from governance.catalogue.ckan.ckan_catalogue import CkanCatalogue
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore
from tests.catalogue.world import DAY_ONE, World
from tests.services.wire import Wire


@dataclass
class Portal:
    """One CKAN and what is published to it."""

    address: str
    token: str
    editor: RemoteCKAN
    """Somebody with a token of their own, who may edit everything."""
    wire: Wire
    world: World

    def publish(self, at: Any = DAY_ONE) -> PublicationResult:
        """Publish the world through the wire; what went over it before is forgotten."""
        catalogue = self.world.publish(at).catalogue
        self.wire.forget()
        account = CkanAccount(self.wire.address, self.token, 30)
        return CkanCatalogue(account).publish(catalogue, DistributionStore(self.world.catalogue / "store"))

    def show(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.editor.call_action("package_show", {"id": name})
        return found

    def csv_of(self, name: str) -> dict[str, Any]:
        return next(each for each in self.show(name)["resources"] if each["format"] == "CSV")

    def anonymous(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", timeout=30)

    def everything(self) -> list[dict[str, Any]]:
        """Every dataset that the editor can see, archived ones too."""
        query = {"q": "*:*", "rows": 500, "include_private": True}
        found: list[dict[str, Any]] = self.editor.call_action("package_search", query)["results"]
        return found

    def empty(self) -> None:
        """Leave no dataset, so that a test begins as on the first day."""
        deleted = {"q": "state:deleted", "rows": 500, "include_deleted": True, "include_private": True}
        for each in [*self.everything(), *self.editor.call_action("package_search", deleted)["results"]]:
            self.editor.call_action("dataset_purge", {"id": each["id"]})
