"""A dataset of an Opendatasoft portal, read by watermark."""

from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.ods_portal import OdsPortal
from tests.connectors.api.served import Ask, Reply


class _Portal(OdsPortal):
    """Its export has an ETag, so it can be resumed."""

    def answer(self, ask: Ask) -> Reply:
        reply = super().answer(ask)
        return Reply(reply.body, reply.status, reply.headers, is_file="/exports/" in ask.path)


class Adapter(ApiAdapter[OdsPortal]):
    connector = "ods"

    def make(self) -> OdsPortal:
        return _Portal()

    def options(self) -> dict[str, Any]:
        return {"url": self.address, "dataset": "releves", "watermark": "seen", "key": ["id"], "auth": "key"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": self.address, "dataset": "absent"}

    def expected(self) -> Any:
        return {row["id"]: row for row in [*self.service.rows, *getattr(self, "removed", [])]}

    def change(self) -> None:
        self.service.rows[7] = {**self.service.rows[7], "nom": "changé", "seen": "2025-02-01T00:00:00+00:00"}
        self.service.rows.append({"id": 300, "nom": "nouveau", "seen": "2025-02-01T00:00:01+00:00"})
        self.service.changed = "2025-02-01T00:00:02+00:00"

    def remove(self) -> None:
        self.removed = [self.service.rows.pop(3)]
