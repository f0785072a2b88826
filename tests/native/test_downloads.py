"""What was downloaded is what was recorded, and is kept where the machine keeps such things."""

import hashlib
from pathlib import Path

import pytest

from infra.native.downloads import cache_folder, read_checksums, require_checksums
from infra.native.programs import find_program, run
from infra.native.service import StartFailed
from infra.native.services import ckan_environment, solr


def _recorded(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    folder = tmp_path / "jars"
    folder.mkdir()
    for name in ("one.jar", "two.jar"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_what_is_as_recorded_passes(jars: Path) -> None:
    require_checksums(jars, _recorded(jars))


@pytest.mark.parametrize("spoil", ["changed", "missing", "added"])
def test_a_file_that_differs_is_missing_or_was_not_asked_for_is_refused(jars: Path, spoil: str) -> None:
    recorded = _recorded(jars)
    if spoil == "changed":
        (jars / "two.jar").write_bytes(b"two.jar!")
    elif spoil == "missing":
        (jars / "two.jar").unlink()
    else:
        (jars / "two.jar").rename(jars / "three.jar")
        recorded.pop("two.jar")
    with pytest.raises(StartFailed, match=r"two\.jar|three\.jar"):
        require_checksums(jars, recorded)


def test_the_cache_is_where_the_machine_says_and_follows_the_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("one==1\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = cache_folder("some", lock)
    assert first.is_relative_to(tmp_path / "cache" / "archipel")
    lock.write_text("one==2\n")
    assert cache_folder("some", lock) != first
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder("some", lock).is_relative_to(Path.home() / ".cache" / "archipel")


def test_every_jar_of_solr_is_recorded_with_a_sha256() -> None:
    recorded = read_checksums(solr.FOLDER / "checksums.txt")
    assert len(recorded) > 100
    assert all(name.endswith(".jar") and len(digest) == 64 for name, digest in recorded.items())
    assert "solr-core-9.10.1.jar" in recorded


@pytest.mark.parametrize("name", ["requirements", "build"])
def test_every_package_of_ckan_is_pinned_and_hashed(name: str) -> None:
    text = (ckan_environment.FOLDER / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


def test_a_program_that_is_absent_is_told_with_its_package() -> None:
    with pytest.raises(StartFailed, match="apt-get install a-package"):
        find_program("no-such-program", "a-package")


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(StartFailed, match="looking failed: .*no-such-folder"):
        run("looking", ["ls", "no-such-folder"])
