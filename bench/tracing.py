"""What spans cost: pages of a feed a second without them and with them, sent to a collector that throws them away.

``python -m bench.tracing [--seconds 4] [--rounds 3] [--json]``. The same server, data and client, turn about in one
run; the ratio is what counts. Off is how the platform is installed: the trace id is there, spans are not.
"""

import argparse
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from bench.feed_servers import rate, served

WORST = 0.8
"""With spans a server gives at least this share of what it gives without."""


class _Sink(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Take what comes."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _collector() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _rate(seconds: float) -> float:
    with tempfile.TemporaryDirectory(prefix="archipel-bench-") as folder:
        Path(folder).chmod(0o755)  # nginx's workers run as another account when root runs this
        with served(Path(folder) / "platform", 1000, 10) as platform:
            return rate(f"{platform.direct}/v1/feeds/subventions?limit=5", seconds)


def main() -> int:
    """Measure both and print them; 1 where spans cost more than they may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rates: dict[str, list[float]] = {"off": [], "on": []}
    with _collector() as url:
        for _ in range(arguments.rounds):
            rates["off"].append(_rate(arguments.seconds))
            os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url
            rates["on"].append(_rate(arguments.seconds))
            del os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"]
    off, on = median(rates["off"]), median(rates["on"])
    told = {"off": round(off, 1), "on": round(on, 1), "ratio": round(on / off, 2)}
    print(
        json.dumps(told) if arguments.json else f"pages a second without spans {off:.0f}, with {on:.0f}: {on / off:.2f}"
    )
    return int(on / off < WORST)


if __name__ == "__main__":
    raise SystemExit(main())
