"""All that cannot be made again, in one archive, while the platform works; and an empty place made whole from it.

Order is what makes it consistent. The journal's anchor is read first, so that it never knows more than the journal
beside it; then the databases, each as of one instant; then the files, which are added to and not altered. A file that
came meanwhile is one too many and harms nothing.
"""

import io
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from governance.kept_secrets import kept_secret, write_privately
from governance.settings import Settings
from infra.native import supervisor
from infra.native.installation import settle
from infra.native.profiles import PROFILES
from infra.native.programs import run
from infra.native.service import Say, StartFailed
from infra.native.services.databases import SUPERUSER, ensure_database, ensure_role
from infra.native.services.platform_state import OWNER
from infra.native.services.postgresql import find_postgresql

MADE_AGAIN = (
    "airflow", "dbt", "feeds", "logs", "policy", "replays", "supervisor", "warehouse",
    "services/front", "services/postgresql", "services/redis", "services/solr",
)  # fmt: skip
"""What the next start or main job makes, or what a database's dump stands for. CKAN's index is rebuilt by a command."""
DATABASES = {"archipel": OWNER, "ckan": "ckan", "datastore": "ckan", "keycloak": "keycloak"}
"""Database to its owner. Airflow's is left out: its history of runs says nothing that receipts do not."""
_ANCHOR = "journal/anchor.json"
_SQLITE = "state.sqlite"


def back_up(settings: Settings, target: Path, say: Say) -> None:
    """Write the archive; it holds keys and personal data, and its owner alone reads it.

    Raises:
        StartFailed: there is something of that name already, or a database could not be dumped.
    """
    state = settings.state_dir
    if target.exists():
        raise StartFailed(f"{target} is there already; it was left as it is.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)
    with tarfile.open(target, "w:gz") as archive, tempfile.TemporaryDirectory(dir=target.parent) as drafts:
        if (state / _ANCHOR).is_file():
            _add_bytes(archive, _ANCHOR, (state / _ANCHOR).read_bytes())
        for name, path in _dumps(settings, Path(drafts), say):
            archive.add(path, name)
        say("  files")
        for path in sorted(state.rglob("*")):
            name = path.relative_to(state).as_posix()
            if not _is_left_out(name) and (path.is_file() or path.is_symlink()):
                archive.add(path, name, recursive=False)


def _is_left_out(name: str) -> bool:
    is_state_database = name == _ANCHOR or name.startswith(_SQLITE)
    return is_state_database or any(name == left or name.startswith(f"{left}/") for left in MADE_AGAIN)


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    told = tarfile.TarInfo(name)
    told.size, told.mode = len(content), 0o644
    archive.addfile(told, io.BytesIO(content))


def _dumps(settings: Settings, drafts: Path, say: Say) -> Iterator[tuple[str, Path]]:
    """Dump what there is: the SQLite file of a laptop, or the databases of the full profile."""
    if (settings.state_dir / _SQLITE).is_file():
        copy = drafts / _SQLITE
        with closing(sqlite3.connect(settings.state_dir / _SQLITE)) as source, closing(sqlite3.connect(copy)) as kept:
            source.backup(kept)
        yield _SQLITE, copy
    if not (settings.state_dir / "services" / "postgresql").is_dir():
        return
    for name in DATABASES:
        if _has_database(settings, name, drafts):
            say(f"  database {name}")
            path = drafts / f"{name}.dump"
            _postgresql(settings, drafts, "pg_dump", "--format=custom", f"--file={path}", name)
            yield f"databases/{name}.dump", path


def _has_database(settings: Settings, name: str, drafts: Path) -> bool:
    known = _postgresql(
        settings, drafts, "psql", "--tuples-only", "--command=SELECT datname FROM pg_database", "postgres"
    )
    return name in known.split()


def _postgresql(settings: Settings, drafts: Path, program: str, *words: str) -> str:
    """Run one of PostgreSQL's programs as its superuser; the password stands in a file, not on its command line."""
    passfile = drafts / "pgpass"
    write_privately(passfile, f"*:*:*:{SUPERUSER}:{kept_secret(settings, 'postgresql_superuser')}\n")
    where = ("--host", settings.host, "--port", str(settings.postgresql_port), "--username", SUPERUSER)
    return run(program, [find_postgresql(program), *where, *words], {"PGPASSFILE": str(passfile)})


def restore(settings: Settings, source: Path, say: Say) -> None:
    """Make an empty state folder what the archive holds; PostgreSQL is started for it and left up.

    Raises:
        StartFailed: the folder is not empty, or a database refused its dump.
    """
    state = settings.state_dir
    if state.is_dir() and any(state.iterdir()):
        raise StartFailed(
            f"{state} is not empty. Nothing was restored: choose another folder with ARCHIPEL_STATE_DIR=…"
        )
    state.mkdir(parents=True, exist_ok=True)
    with tarfile.open(source) as archive:
        archive.extractall(state, filter="data")
    dumps = sorted((state / "databases").glob("*.dump"))
    if dumps:
        adapted = PROFILES["full"].adapt(settings)
        settle(settings, adapted)  # the archive says which ports and folder there were
        _restore_databases(adapted, dumps, say)
        for path in dumps:
            path.unlink()
        (state / "databases").rmdir()


def _restore_databases(settings: Settings, dumps: list[Path], say: Say) -> None:
    supervisor.start(settings, PROFILES["full"].chosen(["postgresql"]), say)
    ensure_role(settings, "datastore_reader")
    with tempfile.TemporaryDirectory() as drafts:
        for path in dumps:
            say(f"  database {path.stem}")
            ensure_database(settings, path.stem, DATABASES[path.stem])
            words = ("--clean", "--if-exists", "--exit-on-error", f"--dbname={path.stem}", str(path))
            _postgresql(settings, Path(drafts), "pg_restore", *words)
