"""Fetched bytes reach the lake whole, once, and nothing is left beside them."""

import errno
import hashlib
from pathlib import Path

import pytest

from connectors.base import Fetched, Validators
from connectors.draft import Draft
from governance.intake.landing import land
from governance.lake import Lake

CONTENT = b"id;nom\n1;exemple\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def _fetched(path: Path | None = None) -> Fetched:
    return Fetched(
        not_modified=path is None,
        path=path,
        sha256=SHA256,
        size=len(CONTENT),
        filename="fichier.csv",
        media_type="text/csv",
        validators=Validators(sha256=SHA256),
    )


def _draft(folder: Path) -> Path:
    path = folder / "draft"
    path.write_bytes(CONTENT)
    return path


def _refuse(*_: object) -> None:
    raise OSError("disk full")


def test_landed_bytes_are_those_fetched_and_the_draft_is_gone(lake: Lake, tmp_path: Path) -> None:
    draft = _draft(tmp_path)
    assert land(lake, _fetched(draft)) == SHA256
    assert lake.landed(SHA256).read_bytes() == CONTENT
    assert not draft.exists()
    assert [path.name for path in lake.landed(SHA256).parent.iterdir()] == [SHA256]


def test_landed_bytes_are_not_written_twice(lake: Lake, tmp_path: Path) -> None:
    land(lake, _fetched(_draft(tmp_path)))
    before = lake.landed(SHA256).stat()
    draft = _draft(tmp_path)
    land(lake, _fetched(draft))
    after = lake.landed(SHA256).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not draft.exists()


def test_landed_file_cannot_be_changed_by_its_readers(lake: Lake, tmp_path: Path) -> None:
    land(lake, _fetched(_draft(tmp_path)))
    assert lake.landed(SHA256).stat().st_mode & 0o222 == 0


def _another_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a rename out of its folder fail as it does between two disks."""
    original = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return original(path, target)

    monkeypatch.setattr(Path, "replace", refuse)


def test_draft_on_another_disk_is_copied_beside_the_target_first(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = _draft(tmp_path)
    _another_disk(monkeypatch)
    land(lake, _fetched(draft))
    assert lake.landed(SHA256).read_bytes() == CONTENT
    assert not draft.exists()
    assert len(list(lake.landed(SHA256).parent.iterdir())) == 1


def test_copy_that_the_disk_refuses_leaves_nothing_visible(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = _draft(tmp_path)
    _another_disk(monkeypatch)
    monkeypatch.setattr("os.fsync", _refuse)
    with pytest.raises(OSError, match="disk full"):
        land(lake, _fetched(draft))
    assert list(lake.landed(SHA256).parent.iterdir()) == []
    assert not draft.exists()


def test_draft_that_the_disk_refuses_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = Draft(tmp_path)
    draft.write(CONTENT)
    monkeypatch.setattr("os.fsync", _refuse)
    with pytest.raises(OSError, match="disk full"):
        draft.keep()
    assert list(tmp_path.iterdir()) == []


def test_unchanged_source_stands_for_the_bytes_already_landed(lake: Lake, tmp_path: Path) -> None:
    land(lake, _fetched(_draft(tmp_path)))
    assert land(lake, _fetched()) == SHA256


def test_unchanged_source_whose_bytes_were_lost_is_an_error(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not in the lake"):
        land(lake, _fetched())
