"""The part of Open311 GeoReport v2 that a reader meets: windows of 90 days, 1,000 requests at most, errors."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from tests.connectors.api.served import Ask, Reply, Served, json_reply

FIRST = (datetime.now(UTC) - timedelta(days=200)).replace(hour=0, minute=0, second=0, microsecond=0)
"""Day of the first request: GeoReport looks back from now."""


def report(number: int, days: float | None = None, **changed: Any) -> dict[str, Any]:
    """A request (synthetic), with what may name the person who made it."""
    when = FIRST + timedelta(days=number if days is None else days)
    return {
        "service_request_id": f"{number:05}",
        "status": "open",
        "service_code": "voirie",
        "service_name": "Voirie",
        "requested_datetime": when.isoformat(),
        "description": "exemple de texte libre",
        "first_name": "Exemple",
        "email": "exemple@example.org",
        "lat": 47.3,
        "long": -2.2,
        **changed,
    }


class ReportServer(Served):
    """``reports`` of one jurisdiction."""

    def __init__(self) -> None:
        super().__init__()
        self.reports = [report(number) for number in range(190)]
        self.jurisdiction: str | None = "commune.example"

    def answer(self, ask: Ask) -> Reply:
        name, _, form = ask.path.rpartition("/")[2].partition(".")
        if self.jurisdiction is not None and ask.query.get("jurisdiction_id") != self.jurisdiction:
            return self._error(form, 400, "jurisdiction_id was not provided")
        if name == "services":
            return self._list(form, "services", "service", [{"service_code": "voirie", "service_name": "Voirie"}])
        if name != "requests":
            return self._error(form, 404, "no such resource")
        start, end = (datetime.fromisoformat(ask.query[one]) for one in ("start_date", "end_date"))
        if end - start > timedelta(days=90):
            return self._error(form, 400, "the window is longer than 90 days")
        found = [one for one in self.reports if start <= datetime.fromisoformat(one["requested_datetime"]) <= end]
        return self._list(form, "service_requests", "request", found[:1000])

    def _list(self, form: str, root: str, item: str, values: list[dict[str, Any]], status: int = 200) -> Reply:
        if form == "json":
            return json_reply(values, status)
        records = "".join(
            f"<{item}>"
            + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in one.items())
            + f"</{item}>"
            for one in values
        )
        body = f'<?xml version="1.0" encoding="utf-8"?><{root}>{records}</{root}>'
        return Reply(body.encode(), status, {"Content-Type": "text/xml; charset=utf-8"})

    def _error(self, form: str, code: int, text: str) -> Reply:
        return self._list(form, "errors", "error", [{"code": code, "description": text}], code)
