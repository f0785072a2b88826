"""A table of a PostgreSQL server, started here by whoever owns no data: an account without rights when we are root."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from tests.connectors.contract.adapter import SECRET, ServedAdapter
from tests.connectors.contract.servers import absent, free_port

ROWS = 2000


def _bin_folder() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else absent("postgresql")


class PostgresServer:
    """A server with a password for everybody, ended with its folder."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        programs, self.port = _bin_folder(), free_port()
        # Beside the tests' own folder, which only whoever runs them may enter.
        home = Path(tempfile.mkdtemp(prefix="archipel-postgres-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        password = home / "password"
        password.write_text(SECRET)
        account = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        if account is not None:
            for path in (home, password):
                os.chown(path, account.pw_uid, account.pw_gid)
        user = account.pw_uid if account is not None else None
        data, log = home / "data", home / "log"

        def run(*command: str) -> None:
            done = subprocess.run(command, user=user, cwd=home, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr

        run(
            str(programs / "initdb"), "-D", str(data), "-U", "archipel", "--auth=scram-sha-256", "--no-sync",
            f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        options = f"-p {self.port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(log)]
        run(*control, "-o", options, "start")
        stack.callback(run, *control, "-m", "immediate", "stop")
        self.home = home
        self.admin = stack.enter_context(
            psycopg.connect(
                host="127.0.0.1", port=self.port, user="archipel", password=SECRET, dbname="postgres", autocommit=True
            )
        )
        self._tables = 0

    def new_table(self) -> str:
        self._tables += 1
        name = f"dossiers_{self._tables}"
        self.admin.execute(
            f'CREATE TABLE {name} (id int PRIMARY KEY, nom text, "Montant €" numeric(12,2), seen timestamptz NOT NULL)'
        )
        return name


class Adapter(ServedAdapter):
    connector = "sql"
    secret = f"archipel:{SECRET}"
    cut_bytes = 60_000
    cannot = {
        "unchanged_costs_nothing": "rows of the watermark's own value are asked for again; nothing is handed over",
        "obeys_retry_after": "the protocol has no such answer",
    }

    def start(self) -> None:
        self.server = self.servers.get(PostgresServer)
        self.table = self.server.new_table()
        self.rows = {
            number: {
                "id": number,
                "nom": f"exemple {number}",
                "Montant €": "12.50",
                "seen": f"2026-01-01T00:00:{number % 60:02}+00:00",
            }
            for number in range(ROWS)
        }
        with self.server.admin.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {self.table} VALUES (%s, %s, %s, %s)", [tuple(row.values()) for row in self.rows.values()]
            )
        self.behind(self.server.port)

    def options(self) -> dict[str, Any]:
        host, _, port = self.proxy.endpoint.partition(":")
        return {
            "host": host,
            "port": int(port),
            "database": "postgres",
            "tls": False,
            "table": f"public.{self.table}",
            "key": ["id"],
            "watermark": "seen",
        }

    def nowhere(self) -> dict[str, Any]:
        return {**self.options(), "table": "public.absent"}

    def content_of(self, path: Path) -> Any:
        rows = [json.loads(line, parse_float=str) for line in path.read_text(encoding="utf-8").splitlines()]
        return {row["id"]: row for row in rows}

    def expected(self) -> Any:
        return self.rows

    def change(self) -> None:
        self.rows[7] = {**self.rows[7], "nom": "changé", "seen": "2026-02-01T00:00:00+00:00"}
        self.rows[ROWS] = {"id": ROWS, "nom": "nouveau", "Montant €": "0.10", "seen": "2026-02-01T00:00:01+00:00"}
        self.server.admin.execute(f"UPDATE {self.table} SET nom = 'changé', seen = '2026-02-01 00:00Z' WHERE id = 7")
        self.server.admin.execute(f"INSERT INTO {self.table} VALUES ({ROWS}, 'nouveau', 0.10, '2026-02-01 00:00:01Z')")

    def remove(self) -> None:
        self.server.admin.execute(f"DELETE FROM {self.table} WHERE id = 3")

    def refuse(self) -> None:
        self.secret = "archipel:another-word-that-is-not-it"
