"""A PostgreSQL of our own: Debian's program, a folder, a port and passwords that no other instance knows."""

import os
import pwd
import shutil
from pathlib import Path

import psycopg

from governance.kept_secrets import kept_secret
from governance.settings import Settings
from infra.native.programs import find_program, run
from infra.native.service import Say, Service, StartFailed, folder_of, require_way_in
from infra.native.services.databases import SUPERUSER, superuser_address
from infra.native.services.platform_state import furnish_state

ACCOUNT = "postgres"
"""Debian's account, used when root starts the platform: PostgreSQL refuses to run as root."""

_NOTHING_BUT_PASSWORDS = "host all all all scram-sha-256\n"


def find_postgresql(name: str) -> Path:
    """Return one of PostgreSQL's programs; of several versions the newest.

    Raises:
        StartFailed: it is not installed.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return find_program(name, "postgresql", folders)


def _obtain(_settings: Settings, _say: Say) -> None:
    find_postgresql("postgres")
    find_postgresql("initdb")


def account(_settings: Settings) -> str | None:
    """Account that the server runs as, where it is not whoever starts it.

    Raises:
        StartFailed: root starts the platform and there is no such account.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT).pw_name
    except KeyError:
        raise StartFailed(
            f"PostgreSQL refuses to run as root and there is no account {ACCOUNT!r}: "
            "start the platform as another user, or apt-get install postgresql"
        ) from None


def _own(path: Path, user: str | None) -> None:
    if user:
        shutil.chown(path, user)


def _initialise(settings: Settings, data: Path) -> None:
    """Make the cluster in a draft first: one that was cut is made again, never half there."""
    user = account(settings)
    draft = data.with_name("draft")
    shutil.rmtree(draft, ignore_errors=True)
    password = data.with_name("password")
    password.touch(mode=0o600)
    password.write_text(kept_secret(settings, "postgresql_superuser"), encoding="utf-8")
    _own(password, user)
    draft.mkdir(mode=0o700)
    _own(draft, user)
    how = ("--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password}", "--encoding=UTF8")
    # The C locale is on every machine; French order is asked for where it matters, by collation.
    command = (find_postgresql("initdb"), "--pgdata", draft, *how, "--locale=C.UTF-8")
    as_account = ("runuser", "--user", user, "--") if user else ()
    try:
        run("initdb", [*as_account, *command])
        (draft / "pg_hba.conf").write_text(_NOTHING_BUT_PASSWORDS, encoding="utf-8")
    finally:
        password.unlink()
    draft.rename(data)


def _configure(settings: Settings, say: Say) -> None:
    folder = folder_of(settings, "postgresql")
    user = account(settings)
    if user:
        require_way_in(user, folder / "data", "PostgreSQL runs when root starts it")
    if not (folder / "data").is_dir():
        say("  making the PostgreSQL cluster")
        _initialise(settings, folder / "data")


def _command(settings: Settings) -> tuple[str, ...]:
    data = str(folder_of(settings, "postgresql") / "data")
    # No socket in the file system: its path may be longer than the system allows, and TCP on loopback is enough.
    listen = ("-c", f"listen_addresses={settings.host}", "-p", str(settings.postgresql_port), "-k", "")
    return (str(find_postgresql("postgres")), "-D", data, *listen)


def _is_ready(settings: Settings) -> bool:
    try:
        with psycopg.connect(superuser_address(settings), connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() is not None
    except psycopg.OperationalError:
        return False


POSTGRESQL = Service(
    name="postgresql",
    command=_command,
    port="postgresql_port",
    is_ready=_is_ready,
    obtain=_obtain,
    configure=_configure,
    furnish=furnish_state,
    user=account,
    stop_signal="INT",  # its fast shutdown; TERM waits until every client has gone
)
