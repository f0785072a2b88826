"""What was downloaded: kept outside the checkout, so that a second clone is quick, and held against its checksums."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from governance.settings import cache_home
from infra.native.service import StartFailed


def cache_folder(name: str, *made_from: Path) -> Path:
    """Return where a download is kept: one folder for each content of the files that say what it is made of."""
    digest = hashlib.sha256(b"\n".join(path.read_bytes() for path in made_from)).hexdigest()[:12]
    return cache_home() / f"{name}-{digest}"


def read_checksums(path: Path) -> dict[str, str]:
    """Return file name to SHA-256, as ``sha256sum`` writes them."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def require_checksums(folder: Path, expected: Mapping[str, str]) -> None:
    """Hold every file of a folder against its recorded SHA-256.

    Raises:
        StartFailed: a file differs, is missing or is not listed; the folder is not to be used.
    """
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}
    wrong = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    if wrong:
        raise StartFailed(
            f"{folder}: {len(wrong)} file(s) are not what was recorded, such as {wrong[0]}. Nothing was started; "
            "remove the folder and try again, and look at your mirror if it happens twice."
        )
