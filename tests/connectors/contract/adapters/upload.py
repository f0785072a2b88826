"""A box of the installation's state, into which somebody handed a file."""

from typing import Any

from connectors.base import Limits
from connectors.upload import box_folder
from tests.connectors.contract.adapters import local_folder
from tests.connectors.example_site import CONTENT


class Adapter(local_folder.Adapter):
    connector = "upload"

    def start(self) -> None:
        self.uploads = self.folder / "uploads"
        self.inbox = box_folder(self.uploads, "donges/subventions")
        self.inbox.mkdir(parents=True)
        self.put(CONTENT)

    def options(self) -> dict[str, Any]:
        return {"box": "donges/subventions"}

    def nowhere(self) -> dict[str, Any]:
        return {"box": "donges/absent"}

    def limits(self) -> Limits:
        return super().limits().model_copy(update={"uploads": self.uploads, "folders": ()})
