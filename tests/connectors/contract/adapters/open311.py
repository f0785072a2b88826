"""Reports of an Open311 server."""

from typing import Any

from tests.connectors.api.adapter import ApiAdapter
from tests.connectors.api.report_server import FIRST, ReportServer, report

KEPT = ("service_request_id", "status", "service_name", "service_code", "requested_datetime", "lat", "long")


class Adapter(ApiAdapter[ReportServer]):
    connector = "open311"
    key = "service_request_id"
    cannot = {
        "unchanged_costs_nothing": "the last days are read again, for reports that were closed; nothing is handed over",
    }

    def make(self) -> ReportServer:
        return ReportServer()

    def options(self) -> dict[str, Any]:
        city = {"jurisdiction_id": "commune.example", "from_day": FIRST.date().isoformat(), "refresh_days": 30}
        return {"url": f"{self.address}/v2", **city, "auth": "header"}

    def nowhere(self) -> dict[str, Any]:
        return {**self.options(), "jurisdiction_id": "absent.example"}

    def expected(self) -> Any:
        shown = [*self.service.reports, *getattr(self, "removed", [])]
        return {one["service_request_id"]: {name: one[name] for name in KEPT} for one in shown}

    def change(self) -> None:
        self.service.reports[-1] = {**self.service.reports[-1], "status": "closed"}
        self.service.reports.append(report(195))

    def remove(self) -> None:
        self.removed = [self.service.reports.pop(180)]
