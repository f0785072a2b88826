"""ZIP archives: the one file to read in them, unpacked under a name of ours, never more than a file may be.

What an archive says of itself is not believed: bytes are counted as they come out.
"""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from connectors.problems import is_out_of_room
from governance.intake.limits import check_unpacked
from governance.intake.table import UnreadableError

PIECE = 1024 * 1024
READABLE = frozenset(
    {
        ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".xlsb", ".json", ".geojson", ".ndjson", ".jsonl", ".xml",
        ".parquet", ".gpkg", ".shp",
    }
)  # fmt: skip
PARTS_OF_SHAPEFILE = (".shp", ".dbf", ".shx", ".prj", ".cpg")
MAX_MEMBERS = 10_000
ENCRYPTED = 0x1
SHOWN = 8


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP after looking at the names in it.

    Raises:
        UnreadableError: not a ZIP, too many members, or a name that leads out of the archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) > MAX_MEMBERS:
                raise UnreadableError("too-large", f"{len(names)} > {MAX_MEMBERS}")
            for name in names:
                parts = PurePosixPath(name.replace("\\", "/"))
                if parts.is_absolute() or ".." in parts.parts or ":" in name[:3]:
                    raise UnreadableError("archive-unsafe", name[:80])
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:  # the last: a rare compression
        if is_out_of_room(error):  # ours: the file may be as good as any
            raise
        raise UnreadableError("not-a-table", f"ZIP: {str(error).splitlines()[0][:80]}") from None


def copy_member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, target: IO[bytes]) -> None:
    """Unpack one member, counting what comes out.

    Raises:
        UnreadableError: encrypted, or too much comes out.
    """
    if item.flag_bits & ENCRYPTED:
        raise UnreadableError("archive-encrypted", item.filename)
    unpacked = 0
    with archive.open(item) as source:
        while piece := source.read(PIECE):
            unpacked += len(piece)
            check_unpacked(unpacked, item.compress_size)
            target.write(piece)


def _is_clutter(item: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(item.filename)
    return item.is_dir() or path.parts[0] == "__MACOSX" or path.name.startswith(".")


def choose_member(archive: zipfile.ZipFile, declared: str | None) -> zipfile.ZipInfo:
    """Return the declared member, or the only one that can be read.

    Raises:
        UnreadableError: the declared one is not there; none or several could be read.
    """
    items = [item for item in archive.infolist() if not _is_clutter(item)]
    if declared is not None:
        found = [item for item in items if declared in (item.filename, PurePosixPath(item.filename).name)]
        if len(found) != 1:
            raise UnreadableError("member-not-found", declared)
        return found[0]
    readable = [item for item in items if PurePosixPath(item.filename).suffix.lower() in READABLE]
    layers = {PurePosixPath(item.filename).with_suffix("") for item in readable if item.filename.lower()[-4:] == ".shp"}
    readable = [
        item
        for item in readable
        if PurePosixPath(item.filename).suffix.lower() == ".shp"
        or PurePosixPath(item.filename.removesuffix(".xml")).with_suffix("") not in layers
    ]
    if len(readable) != 1:
        names = [item.filename for item in readable or items]
        raise UnreadableError("member-needed", ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "") or "–")
    return readable[0]


@contextmanager
def unpacked(path: Path, declared: str | None) -> Iterator[tuple[str, Path]]:
    """Give the name of the member to read and a temporary file with its bytes; a Shapefile's parts lie beside it.

    Raises:
        UnreadableError: no such member, encrypted, too large, or an archive that cannot be read.
    """
    folder = Path(tempfile.mkdtemp(prefix="archipel-member-"))
    try:
        with open_archive(path) as archive:
            item = choose_member(archive, declared)
            base, suffix = PurePosixPath(item.filename).with_suffix(""), PurePosixPath(item.filename).suffix.lower()
            wanted = PARTS_OF_SHAPEFILE if suffix == ".shp" else (suffix,)
            for part in archive.infolist():
                name = PurePosixPath(part.filename)
                if part is item or (
                    suffix == ".shp" and name.with_suffix("") == base and name.suffix.lower() in wanted
                ):
                    with (folder / f"member{name.suffix.lower()}").open("wb") as target:
                        copy_member(archive, part, target)
        yield item.filename, folder / f"member{suffix}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
