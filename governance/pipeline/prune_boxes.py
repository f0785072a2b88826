"""Boxes of handed-in files are cleared, so that they do not grow for ever and keep nobody's data longer than needed.

Of what a harvest took, the received bytes lie in landing, and every receipt rests on those. The file that it took last
stays in the box all the same: by it the next harvest knows that nothing is new, and it is read again from there when
the declaration or the contract changes. What was handed in and replaced before any harvest took it, or taken back, is
nowhere else: it stays for ``KEPT`` after it was put where it is.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from governance.lake import sha256_of
from governance.pipeline.hand_in import PUT_ASIDE, box_of
from governance.platform import Platform
from governance.state.cursors import find_cursors

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)


def prune_boxes(platform: Platform, now: datetime) -> list[Path]:
    """Take away what is no longer needed of the declared boxes; say so in the log, and return its paths.

    Nothing that a harvest may still take is touched, so that none need be waited for.

    Raises:
        OSError: the disk refused.
    """
    gone = []
    for folder, sources in _boxes(platform).items():
        gone += [path for path in _replaced(folder, sources) if _is_kept(platform, path) or _is_old(path, now)]
        gone += [path for path in (folder / PUT_ASIDE).glob("*") if _is_old(path, now)]
    for path in gone:
        path.unlink(missing_ok=True)
        log.info("cleared from its box: %s", path)
    return gone


def _boxes(platform: Platform) -> dict[Path, list[tuple[str, str | None]]]:
    """For each box, of each source that reads it: the pattern of its names, and the name of the file it took last."""
    found = defaultdict(list)
    boxes = {(who.id, source.id): box_of(platform, source) for who, source in platform.federation.sources()}
    read = {key: box for key, box in boxes.items() if box is not None}
    cursors = find_cursors(platform.engine, list(read))
    for key, (folder, pattern) in read.items():
        cursor = cursors.get(key)
        found[folder].append((pattern, cursor.file_name if cursor else None))
    return found


def _replaced(folder: Path, sources: list[tuple[str, str | None]]) -> Iterator[Path]:
    """Give the files that are older than what every source that reads them took last."""
    for path in folder.glob("*"):
        taken = [name for pattern, name in sources if fnmatchcase(path.name, pattern)]
        if path.name.startswith(".") or path.is_symlink() or not path.is_file() or not taken:
            continue
        newer = [folder / name for name in taken if name is not None and (folder / name).is_file()]
        if len(newer) == len(taken) and all(_order(path) < _order(other) for other in newer):
            yield path


def _order(path: Path) -> tuple[int, str]:
    """As the connector orders them: the newest wins."""
    return path.stat().st_mtime_ns, path.name


def _is_kept(platform: Platform, path: Path) -> bool:
    return platform.lake.landed(sha256_of(path)).is_file()


def _is_old(path: Path, now: datetime) -> bool:
    """By when it was put where it is, which its own date does not say of one that was moved."""
    status = path.stat()
    return max(status.st_mtime, status.st_ctime) < (now - KEPT).timestamp()
