"""A folder of this machine: the newest file, and nothing outside what the installation allows."""

import os
from pathlib import Path

import pytest

from connectors import local_folder
from connectors.base import FetchRequest, Limits
from connectors.problems import BadOptions, EgressForbidden, SourceRefused


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed" / "inbox"
    folder.mkdir(parents=True)
    return folder


def _request(folder: Path, tmp_path: Path, pattern: str = "*", allowed: tuple[Path, ...] | None = None) -> FetchRequest:
    folders = (tmp_path / "allowed",) if allowed is None else allowed
    return FetchRequest(
        options={"folder": str(folder), "pattern": pattern}, into=tmp_path / "into", limits=Limits(folders=folders)
    )


def _put(folder: Path, name: str, day: int) -> Path:
    path = folder / name
    path.write_bytes(name.encode())
    os.utime(path, (day * 86400, day * 86400))
    return path


def test_newest_file_that_fits_the_pattern_is_taken(inbox: Path, tmp_path: Path) -> None:
    for day, name in enumerate(["menus.csv", "subventions-1.csv", "subventions-2.csv", "notes.txt"], start=1):
        _put(inbox, name, day)
    fetched = local_folder.fetch(_request(inbox, tmp_path, "subventions*.csv"))
    assert (fetched.filename, fetched.validators.last_modified) == ("subventions-2.csv", "1970-01-04T00:00:00+00:00")


def test_file_still_being_written_under_a_hidden_name_is_left_alone(inbox: Path, tmp_path: Path) -> None:
    _put(inbox, "a.csv", 1)
    _put(inbox, ".b.csv.part", 2)
    assert local_folder.fetch(_request(inbox, tmp_path)).filename == "a.csv"


def test_source_is_left_where_it_is(inbox: Path, tmp_path: Path) -> None:
    path = _put(inbox, "a.csv", 1)
    local_folder.fetch(_request(inbox, tmp_path))
    assert path.read_bytes() == b"a.csv"


def test_no_folder_may_be_read_unless_the_installation_lists_it(inbox: Path, tmp_path: Path) -> None:
    _put(inbox, "a.csv", 1)
    for act in (local_folder.check, local_folder.fetch):
        with pytest.raises(EgressForbidden):
            act(_request(inbox, tmp_path, allowed=()))


@pytest.mark.parametrize("path", ["elsewhere", "allowed/../elsewhere", "allowed-not"])
def test_folder_beside_the_allowed_one_is_refused(inbox: Path, tmp_path: Path, path: str) -> None:
    for name in ("elsewhere", "allowed-not"):
        (tmp_path / name).mkdir()
        _put(tmp_path / name, "a.csv", 1)
    with pytest.raises(EgressForbidden):
        local_folder.fetch(_request(tmp_path / path, tmp_path))


def test_refusal_does_not_tell_whether_a_folder_outside_exists(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("there", "absent"):
        with pytest.raises(EgressForbidden, match="not allowed"):
            local_folder.fetch(_request(tmp_path / name, tmp_path))


def test_link_that_leaves_the_allowed_folder_is_not_followed(inbox: Path, tmp_path: Path) -> None:
    outside = _put(tmp_path, "outside.csv", 5)
    (inbox / "a.csv").symlink_to(outside)
    with pytest.raises(EgressForbidden):
        local_folder.fetch(_request(inbox, tmp_path))
    _put(inbox, "b.csv", 1)
    assert local_folder.fetch(_request(inbox, tmp_path)).filename == "b.csv"


def test_missing_folder_and_empty_folder_are_told_apart(inbox: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="no such folder"):
        local_folder.fetch(_request(inbox / "absent", tmp_path))
    with pytest.raises(SourceRefused, match=r"no file '\*\.csv'"):
        local_folder.fetch(_request(inbox, tmp_path, "*.csv"))


@pytest.mark.parametrize("pattern", ["../*", "a/b", ""])
def test_pattern_names_files_and_no_folder(inbox: Path, tmp_path: Path, pattern: str) -> None:
    with pytest.raises(BadOptions, match="pattern"):
        local_folder.fetch(_request(inbox, tmp_path, pattern))
