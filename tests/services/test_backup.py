"""A backup of a working platform makes an empty place whole: same journal, same files, same feeds to the byte."""

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.services.stack import Full, Stack, new_stack

pytestmark = pytest.mark.services
FEEDS = (
    "/v1/feeds/subventions?format=csv",
    "/v1/feeds/subventions?format=json&member_id=donges",
    "/v1/feeds/equipements?format=parquet",
    "/v1/feeds/lieux_covoiturage?format=json",
)
FOLDERS = ("lake", "catalogue", "uploads", "keys")


def _feeds(stack: Stack) -> dict[str, bytes]:
    answers = {path: httpx.get(f"http://127.0.0.1:{stack.ports['CONSOLE']}{path}", timeout=60) for path in FEEDS}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: answer.content for path, answer in answers.items()}


def _files(stack: Stack) -> dict[str, str]:
    """Every file of the folders that hold what was received and made, by its hash; locks are nobody's data."""
    found = (path for name in FOLDERS for path in (stack.state / name).rglob("*") if path.is_file())
    return {
        str(path.relative_to(stack.state)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
        if path.suffix != ".lock" and not path.name.startswith(".")
    }


@dataclass(frozen=True)
class Saved:
    archive: Path
    exported: list[str]
    feeds: dict[str, bytes]
    files: dict[str, str]
    receipts: list[tuple[object, ...]]


def _receipts(stack: Stack) -> list[tuple[object, ...]]:
    passfile = str(stack.state / "keys" / "postgresql_archipel.pgpass")
    port = stack.ports["POSTGRESQL"]
    with psycopg.connect(host="127.0.0.1", port=port, user="archipel", dbname="archipel", passfile=passfile) as state:
        return state.execute("SELECT * FROM receipts ORDER BY run_id").fetchall()


@pytest.fixture(scope="module")
def saved(full: Full, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """What the working platform held and said when its backup was taken."""
    archive = tmp_path_factory.mktemp("backup") / "archipel.tar.gz"
    feeds = _feeds(full)
    taken = full.native("backup", str(archive))
    assert taken.returncode == 0, taken.stderr
    exported = full.archipel("journal", "export").stdout.splitlines()
    return Saved(archive, exported, feeds, _files(full), _receipts(full))


@pytest.fixture(scope="module")
def restored(saved: Saved) -> Iterator[Stack]:
    with new_stack() as stack:
        done = stack.native("restore", str(saved.archive))
        assert done.returncode == 0, done.stdout + done.stderr
        yield stack


def test_archive_is_read_by_its_owner_alone_and_holds_nothing_that_is_made_again(saved: Saved) -> None:
    assert saved.archive.stat().st_mode & 0o077 == 0
    with tarfile.open(saved.archive) as archive:
        names = archive.getnames()
    assert "databases/archipel.dump" in names
    assert (
        names.index("journal/anchor.json") < names.index("databases/archipel.dump") < names.index("keys/pseudonym.key")
    )
    assert not [name for name in names if name.split("/")[0] in {"logs", "airflow", "supervisor", "warehouse"}]
    assert not [name for name in names if name.startswith("services/postgresql")]


def test_journal_is_whole_and_the_same(saved: Saved, restored: Stack) -> None:
    verified = restored.archipel("journal", "verify")
    assert verified.returncode == 0, verified.stdout
    assert restored.archipel("journal", "export").stdout.splitlines() == saved.exported


def test_receipts_and_files_are_the_same(saved: Saved, restored: Stack) -> None:
    assert len(saved.receipts) > 40
    assert _receipts(restored) == saved.receipts
    assert len(saved.files) > 100
    found = _files(restored)
    assert {name: found.get(name) for name in saved.files} == saved.files


def test_journal_is_guarded_there_too(restored: Stack) -> None:
    passfile = str(restored.state / "keys" / "postgresql_archipel.pgpass")
    where = {"host": "127.0.0.1", "user": "archipel", "dbname": "archipel", "passfile": passfile}
    with (
        psycopg.connect(port=restored.ports["POSTGRESQL"], **where) as state,  # type: ignore[arg-type]
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        state.execute("DELETE FROM journal_entries")


def test_feeds_are_the_same_to_the_byte_and_the_journal_goes_on(saved: Saved, restored: Stack) -> None:
    started = restored.native("up", "console", "opa")
    assert started.returncode == 0, started.stderr
    assert _feeds(restored) == saved.feeds
    exported = restored.archipel("journal", "export").stdout.splitlines()
    assert exported[: len(saved.exported) - 1] == saved.exported[:-1]
    assert len(exported) > len(saved.exported)
    assert restored.archipel("journal", "verify").returncode == 0


COUNTS = {
    "ckan": "SELECT (SELECT count(*) FROM package), (SELECT count(*) FROM resource), (SELECT count(*) FROM api_token)",
    "keycloak": "SELECT (SELECT count(*) FROM client), (SELECT count(*) FROM org)",
    "datastore": "SELECT count(*), sum(n_live_tup) >= 0 FROM pg_stat_user_tables",
}


@pytest.mark.parametrize("database", sorted(COUNTS))
def test_what_people_and_partners_have_in_ckan_and_keycloak_came_back(
    full: Full, restored: Stack, database: str
) -> None:
    owner = "ckan" if database == "datastore" else database
    told = []
    for stack in (full, restored):
        passfile = str(stack.state / "keys" / f"postgresql_{owner}.pgpass")
        where = {"host": "127.0.0.1", "user": owner, "dbname": database, "passfile": passfile}
        with psycopg.connect(port=stack.ports["POSTGRESQL"], **where) as connection:  # type: ignore[arg-type]
            told.append(connection.execute(COUNTS[database].encode()).fetchone())
    assert told[0] == told[1]
    assert told[0] is not None
    assert told[0][0] > 5


def test_nothing_is_restored_over_what_is_there(saved: Saved, restored: Stack) -> None:
    refused = restored.native("restore", str(saved.archive))
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr
    again = restored.native("backup", str(saved.archive))
    assert again.returncode == 2
    assert "is there already" in again.stderr
