"""The lines of a budget document on the example town halls' web server."""

import json
from pathlib import Path
from typing import Any

from tests.connectors.api.budget_document import budget, line
from tests.connectors.contract.adapters import http_file

PATH = "mairie/budget.xml"


class Adapter(http_file.Adapter):
    connector = "totem"
    cannot = {
        "has_a_watermark": "a file comes whole",
        "tells_what_is_gone": "a file comes whole; max_shrink guards the rows",
    }

    def start(self) -> None:
        super().start()
        self.lines = [line(str(number), "D", f"{number}.00") for number in range(60, 260)]
        self._put()

    def _put(self) -> None:
        self.site.put(PATH, budget(self.lines))

    def options(self) -> dict[str, Any]:
        return {"url": f"http://{self.proxy.endpoint}/{PATH}", "auth": "bearer"}

    def content_of(self, path: Path) -> Any:
        return [json.loads(row)["LigneBudget"]["Nature"] for row in path.read_text("utf-8").splitlines()]

    def expected(self) -> Any:
        return [one["Nature"] for one in self.lines]

    def change(self) -> None:
        self.lines.append(line("260", "R", "1.00"))
        self._put()

    def refuse(self) -> None:
        self.site.behave(PATH, status=403)
