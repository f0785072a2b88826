"""What is handed in is taken from the source's own box, and from no other place."""

import os
from pathlib import Path

import pytest

from connectors import upload
from connectors.base import FetchRequest, Limits
from connectors.problems import BadOptions, EgressForbidden, SourceRefused


def _request(uploads: Path | None, into: Path, box: str = "donges/subventions") -> FetchRequest:
    return FetchRequest(options={"box": box}, into=into, limits=Limits(uploads=uploads))


def test_newest_of_the_box_wins_and_each_file_is_kept(tmp_path: Path) -> None:
    box = upload.box_folder(tmp_path / "uploads", "donges/subventions")
    box.mkdir(parents=True)
    for day, name in enumerate(("b.csv", "a.csv"), start=1):
        (box / name).write_text(name)
        os.utime(box / name, (day * 86400, day * 86400))
    assert upload.fetch(_request(tmp_path / "uploads", tmp_path / "into")).filename == "a.csv"
    assert sorted(path.name for path in box.iterdir()) == ["a.csv", "b.csv"]


def test_box_in_which_nobody_put_anything_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="Nothing was handed in"):
        upload.fetch(_request(tmp_path / "uploads", tmp_path / "into"))


@pytest.mark.parametrize("box", ["../donges", "/etc", "donges/../besne", "Donges", ""])
def test_box_is_no_path_that_leads_elsewhere(tmp_path: Path, box: str) -> None:
    with pytest.raises(BadOptions, match="box"):
        upload.fetch(_request(tmp_path, tmp_path / "into", box))


def test_link_that_leaves_the_uploads_is_not_followed(tmp_path: Path) -> None:
    uploads, elsewhere = tmp_path / "uploads", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.csv").write_text("x")
    (uploads / "donges").mkdir(parents=True)
    (uploads / "donges" / "subventions").symlink_to(elsewhere)
    with pytest.raises(EgressForbidden):
        upload.fetch(_request(uploads, tmp_path / "into"))
