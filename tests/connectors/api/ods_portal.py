"""The part of Opendatasoft's Explore API v2.1 that a reader meets: one dataset, its metas, exports, ODSQL errors."""

import csv
import io
import json
import re
from typing import Any

from tests.connectors.api.served import Ask, Reply, Served, json_reply

BASE = "/api/explore/v2.1/catalog/datasets/"
_NEWER = re.compile(r"(\w+) >= date'([^']+)'$")


class OdsPortal(Served):
    """Rows of one dataset; ``changed`` is when they were last processed."""

    def __init__(self) -> None:
        super().__init__()
        self.key: str | None = None
        self.described: list[dict[str, Any]] = []
        self.changed: str | None = "2025-01-02T00:00:00+00:00"
        self.rows: list[dict[str, Any]] = [
            {
                "id": number,
                "nom": f"exemple {number}",
                "seen": f"2025-01-01T00:{number // 60:02}:{number % 60:02}+00:00",
            }
            for number in range(300)
        ]

    def answer(self, ask: Ask) -> Reply:
        if self.key is not None and ask.headers.get("Authorization") != f"Apikey {self.key}":
            return json_reply({"error_code": "UnauthorizedError", "message": "bad key"}, 401)
        if ask.path == BASE.rstrip("/"):
            start, rows = int(ask.query["offset"]), min(int(ask.query["limit"]), 2)
            return json_reply({"total_count": len(self.described), "results": self.described[start : start + rows]})
        if ask.path == f"{BASE}releves":
            default = {"records_count": len(self.rows), "modified": "2025-01-02", "data_processed": self.changed}
            return json_reply({"dataset_id": "releves", "metas": {"default": default}})
        if ask.path.startswith(f"{BASE}releves/exports/"):
            return self._export(ask, ask.path.rpartition("/")[2])
        return json_reply({"error_code": "UnknownDatasetError", "message": "Dataset does not exist"}, 404)

    def _export(self, ask: Ask, form: str) -> Reply:
        rows, where = self.rows, ask.query.get("where", "")
        if where:
            newer = _NEWER.search(where.rstrip(")"))
            if newer is None:
                return json_reply({"error_code": "ODSQLError", "message": f"ODSQL query is malformed: {where}"}, 400)
            rows = [row for row in rows if str(row[newer[1]]) >= newer[2]]
        rows = sorted(rows, key=lambda row: str(row.get(ask.query.get("order_by", ""), "")))
        if form == "jsonl":
            body = "".join(json.dumps(row) + "\n" for row in rows)
            return Reply(body.encode(), headers={"Content-Type": "application/jsonlines"})
        file = io.StringIO()
        writer = csv.DictWriter(file, ["id", "nom", "seen"], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
        return Reply(file.getvalue().encode(), headers={"Content-Type": "text/csv; charset=utf-8"}, is_file=True)
