"""How fast feeds leave, and what that takes: ours against nginx and datasette on the same bytes and rows, in one run.

``python -m bench.feeds [--rows 200000] [--seconds 5] [--readers 50] [--json]``. All on loopback, one after the other,
asked by wrk; the ratio is what counts, since times drift from machine to machine. A platform as in production: the API,
nginx before it with TLS. The other side of a whole file is the same nginx giving the same bytes from its disk.
"""

import argparse
import shutil
import ssl
import sys
import tempfile
import threading
import time
from http.client import HTTPSConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.feed_servers import Served, datasette, memory_mib, rate, served, show

OPEN = "/v1/feeds/subventions?format="
ENERGY = "/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment&format="
_PAGE_ROWS = 1_000
_TURNS = 3
_SLOW_BYTES_A_SECOND = 2_000_000
# Each request another question, so that neither side can remember an answer.
_OTHER_EACH_TIME = """
local n = {seed}
request = function() n = n + 1; return wrk.format("GET", "{path}" .. (n % 90000)) end
"""


def whole_files(platform: Served, seconds: float) -> list[dict[str, Any]]:
    """Whole feeds over the same bytes given by nginx alone: open ones, and one of a partner's agreement."""
    bearer = {"Authorization": f"Bearer {platform.token()}"}
    asked: list[tuple[str, str, dict[str, str]]] = [
        ("an open feed whole, CSV", f"{OPEN}csv", {}),
        ("an open feed whole, Parquet", f"{OPEN}parquet", {}),
        ("a partner's feed whole, CSV", f"{ENERGY}csv", bearer),
        ("a partner's feed whole, Parquet", f"{ENERGY}parquet", bearer),
    ]
    lines = []
    for claim, path, headers in asked:
        url = f"{platform.address}{path}"
        content = httpx.get(url, headers={**headers, "Accept-Encoding": "identity"}, verify=False, timeout=120)
        other = platform.put_file("bench.bin", content.raise_for_status().content)
        # In turns, because whoever else works on the machine comes and goes.
        turns = [(rate(other, seconds), rate(url, seconds, headers)) for _ in range(_TURNS)]
        theirs, ours = (median(side) for side in zip(*turns, strict=True))
        size = len(content.content) / 1e6
        lines.append(_line(f"{claim}, {size:.1f} MB, over nginx", f"{ours:.0f}/s / {theirs:.0f}/s", ours / theirs, 0.9))
    return lines


def unchanged(platform: Served, seconds: float) -> list[dict[str, Any]]:
    """How many readers who have it already are told so in a second, together and each decided for itself."""
    lines = []
    for claim, address, target in (
        ("304 of an open feed, through nginx, a second", platform.address, 5_000),
        ("the same, each one decided and journalled", platform.direct, None),
    ):
        url = f"{address}{OPEN}csv"
        tag = httpx.get(url, headers={"Accept-Encoding": "identity"}, verify=False, timeout=120).headers["etag"]
        found = rate(url, seconds, {"If-None-Match": tag})
        lines.append(_line(claim, f"{found:.0f}/s", found, target))
    return lines


def pages(platform: Served, folder: Path, rows: int, seconds: float) -> list[dict[str, Any]]:
    """A filtered page of 1,000 rows, each time another question, over datasette on the same rows."""
    ours_path = f"/v1/feeds/subventions?format=json&limit={_PAGE_ROWS}&montant__gte="
    theirs_path = f"/feed/subventions.json?_shape=array&_size={_PAGE_ROWS}&montant__gte="
    with datasette(folder, rows) as other:
        for address, path in ((platform.direct, ours_path), (other, theirs_path)):
            found = len(httpx.get(f"{address}{path}1", timeout=60).raise_for_status().json())
            if found != _PAGE_ROWS:
                raise RuntimeError(f"{address}: {found} rows instead of {_PAGE_ROWS}")
        theirs = rate(other, seconds, script=_OTHER_EACH_TIME.format(seed=7, path=theirs_path))
    ours = rate(platform.direct, seconds, script=_OTHER_EACH_TIME.format(seed=7, path=ours_path))
    again = rate(f"{platform.direct}{ours_path}1", seconds)
    front = rate(f"{platform.address}{ours_path}1", seconds)
    asked = (("another each time", ours, None), ("asked again", again, 10), ("asked again, through nginx", front, 10))
    return [
        _line(f"page of 1,000 rows, {claim}, over datasette", f"{got:.0f}/s / {theirs:.0f}/s", got / theirs, target)
        for claim, got, target in asked
    ]


def slow_readers(platform: Served, readers: int, seconds: float) -> list[dict[str, Any]]:
    """Memory of API and nginx while readers take a partner's feed at 2 MB a second each."""
    url = f"{platform.address}{ENERGY}csv"
    headers = {"Authorization": f"Bearer {platform.token()}"}
    with httpx.stream("GET", url, headers=headers, verify=False, timeout=300) as answer:
        size = int(answer.raise_for_status().headers["content-length"])
    before = memory_mib(platform.api) + memory_mib(platform.front)
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_read_slowly, args=(url, headers, until)) for _ in range(readers)]
    for thread in threads:
        thread.start()
    seen = []
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        seen.append(memory_mib(platform.api) + memory_mib(platform.front))
    told = f"{before:.0f} MiB, at most {max(seen):.0f} MiB"
    claim = f"memory, {readers} slow readers of {size / 1e9:.2f} GB: MiB more a reader"
    line = _line(claim, told, (max(seen) - before) / readers, None)
    return [{**line, "target": "<= 2", "met": line["ratio"] <= 2}]


def _read_slowly(url: str, headers: dict[str, str], until: float) -> None:
    parts, block = urlsplit(url), bytearray(100_000)
    context = ssl._create_unverified_context()  # kept because the authority is the bench's own
    connection = HTTPSConnection(parts.netloc, context=context, timeout=120)
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
    answer = connection.getresponse()
    while time.monotonic() < until and answer.readinto(block):
        time.sleep(len(block) / _SLOW_BYTES_A_SECOND)
    connection.close()


def _line(claim: str, measured: str, ratio: float, target: float | None) -> dict[str, Any]:
    return {
        "claim": claim,
        "measured": f"{measured} = {ratio:.2f}" if "/s / " in measured else measured,
        "ratio": round(ratio, 3),
        "target": "told" if target is None else f">= {target:g}",
        "met": target is None or ratio >= target,
    }


def main() -> int:
    """Run the comparisons and print them; 1 where a target is missed, 2 where a program is not installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--long-rows", type=int, default=11_000_000, help="rows of the feed that slow readers take")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("nginx") is None or shutil.which("wrk") is None:
        print("nginx or wrk is not installed: nothing to compare with", file=sys.stderr)
        return 2
    lines: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="archipel-bench-") as folder:
        Path(folder).chmod(0o755)  # nginx's workers run as another account when root runs this
        with served(Path(folder) / "platform", arguments.rows, arguments.rows) as platform:
            lines += whole_files(platform, arguments.seconds)
            lines += unchanged(platform, arguments.seconds)
            lines += pages(platform, Path(folder), arguments.rows, arguments.seconds)
        with served(Path(folder) / "long", 1, arguments.long_rows) as platform:
            lines += slow_readers(platform, arguments.readers, 4 * arguments.seconds)
    show(lines, arguments.json)
    return 0 if all(line["met"] for line in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
