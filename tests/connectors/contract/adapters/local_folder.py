"""A folder of this machine."""

from typing import Any

from connectors.base import Limits
from tests.connectors.contract.adapter import SourceAdapter
from tests.connectors.example_site import CONTENT

NO_SERVER = "there is no server: a folder of this machine is read"


class Adapter(SourceAdapter):
    connector = "local_folder"
    cannot = {
        "unchanged_costs_nothing": "the file is read again and its hash compared; no byte crosses a network",
        "resumes_after_a_cut": NO_SERVER,
        "retries_when_unavailable": NO_SERVER,
        "obeys_retry_after": NO_SERVER,
        "cuts_a_slow_server": NO_SERVER,
        "sends_a_secret": NO_SERVER,
        "has_a_watermark": "a file comes whole",
        "tells_what_is_gone": "a file comes whole; max_shrink guards the rows",
    }

    def start(self) -> None:
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir(parents=True)
        self.put(CONTENT)

    def put(self, content: bytes) -> None:
        self.content = content
        (self.inbox / "fichier.csv").write_bytes(content)

    def options(self) -> dict[str, Any]:
        return {"folder": str(self.inbox)}

    def nowhere(self) -> dict[str, Any]:
        return {"folder": str(self.inbox), "pattern": "absent*"}

    def limits(self) -> Limits:
        return super().limits().model_copy(update={"folders": (self.inbox,)})

    def expected(self) -> bytes:
        return self.content

    def change(self) -> None:
        self.put(self.content + b"99999;nouveau\n")

    def refuse(self) -> None:
        outside = self.folder / "outside.csv"
        outside.write_bytes(self.content)
        (self.inbox / "fichier.csv").unlink()
        (self.inbox / "fichier.csv").symlink_to(outside)
