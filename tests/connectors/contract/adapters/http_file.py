"""A file on the example town halls' web server."""

import threading
from typing import Any

from infra.town_halls.serve import Sites
from tests.connectors.contract.adapter import SECRET, ServedAdapter
from tests.connectors.example_site import CONTENT, Site

PATH = "mairie/fichier.csv"


class Adapter(ServedAdapter):
    connector = "http_file"
    secret = SECRET
    cannot = {
        "has_a_watermark": "a file comes whole",
        "tells_what_is_gone": "a file comes whole; max_shrink guards the rows",
    }

    def start(self) -> None:
        root = self.folder / "sites"
        root.mkdir()
        server = self.stack.enter_context(Sites(root))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.stack.callback(server.shutdown)
        self.site, self.content = Site(server), CONTENT
        self.site.put(PATH, self.content)
        self.behind(int(server.server_address[1]))

    def options(self) -> dict[str, Any]:
        return {"url": f"http://{self.proxy.endpoint}/{PATH}", "auth": "bearer"}

    def nowhere(self) -> dict[str, Any]:
        return {"url": f"http://{self.proxy.endpoint}/mairie/absent.csv"}

    def expected(self) -> bytes:
        return self.content

    def change(self) -> None:
        self.content += b"99999;nouveau\n"
        self.site.put(PATH, self.content)

    def refuse(self) -> None:
        self.site.behave(PATH, status=403)

    def ask_to_wait(self, seconds: int) -> None:
        self.answer_http(503, f"Retry-After: {seconds}")
