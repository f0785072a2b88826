"""The main job on the whole of it: Airflow and the platform's state on PostgreSQL, each with a role that may little."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from governance.identity.keycloak.partner_token import client_secret
from governance.journal.journal import Journal
from governance.settings import Settings
from infra.native.profiles import PROFILES
from tests.services.stack import Full, Stack, new_stack

pytestmark = pytest.mark.services


def _connect(full: Stack, database: str, role: str) -> psycopg.Connection[Any]:
    passfile = full.state / "keys" / f"postgresql_{role}.pgpass"
    where = {"host": "127.0.0.1", "port": full.ports["POSTGRESQL"], "dbname": database, "user": role}
    return psycopg.connect(**where, passfile=str(passfile), autocommit=True)  # type: ignore[arg-type]


def test_airflow_ran_every_dag_on_postgresql_with_several_tasks_at_once(full: Full) -> None:
    assert not list((full.state / "airflow").glob("*.db"))
    with _connect(full, "airflow", "airflow") as airflow:
        ran = {name for (name,) in airflow.execute("SELECT dag_id FROM dag_run WHERE state = 'success'")}
        assert {"harvest__saint-nazaire", "harvest__trignac", "harmonise", "publish"} <= ran
        assert airflow.execute("SELECT slots FROM slot_pool WHERE pool = 'duckdb_writer'").fetchall() == [(1,)]
        at_once = airflow.execute(
            "SELECT count(*) FROM task_instance a JOIN task_instance b ON a.id < b.id "
            "AND a.start_date < b.end_date AND b.start_date < a.end_date"
        ).fetchone()
    assert at_once is not None
    assert at_once[0] != 0


def test_state_lies_in_postgresql_and_a_command_typed_beside_finds_it(full: Full) -> None:
    assert not list(full.state.glob("*.sqlite*"))
    with _connect(full, "archipel", "archipel") as state:
        kept = state.execute("SELECT count(*) FROM journal_entries").fetchone()
    assert kept is not None
    listed = full.archipel("journal", "export")
    assert listed.returncode == 0
    assert len(listed.stdout.splitlines()) == kept[0] + 1  # and the head
    assert full.archipel("journal", "verify").returncode == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entries SET kind = 'release'",
        "DELETE FROM journal_entries",
        "TRUNCATE journal_entries",
        "DELETE FROM journal_head",
        "ALTER TABLE journal_entries DISABLE TRIGGER ALL",
        "DROP TRIGGER journal_append_only ON journal_entries",
        "UPDATE state_layout SET version = 99",
        "CREATE TABLE mine (a int)",
    ],
)
def test_role_of_the_platform_cannot_undo_what_was_written(full: Full, statement: str) -> None:
    with _connect(full, "archipel", "archipel") as state, pytest.raises(errors.InsufficientPrivilege):
        state.execute(sql.SQL(statement))


def test_role_of_another_service_does_not_get_in(full: Full) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        _connect(full, "archipel", "airflow")


def test_no_password_of_a_database_is_in_a_process_environment(full: Full) -> None:
    passwords = [path.read_bytes() for path in (full.state / "keys").glob("postgresql_*") if path.suffix == ""]
    assert len(passwords) >= 5
    seen = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue  # gone meanwhile, or somebody else's
        if str(full.state).encode() in environment:
            seen += 1
            assert [word for word in passwords if word in environment] == [], process
    assert seen > 5


def test_addresses_that_the_run_names_answer_over_tls(full: Full) -> None:
    named = dict(re.findall(r"^  (Console|Catalogue|CKAN) +(https://\S+)$", full.said, re.MULTILINE))
    assert set(named) == {"Console", "Catalogue", "CKAN"}
    assert '<html lang="fr"' in full.get(named["Console"]).text
    assert full.get(named["Catalogue"]).headers["content-type"] == "text/turtle; charset=utf-8"
    portal = full.get(named["CKAN"])
    assert portal.status_code == 200
    assert '<html lang="fr"' in portal.text
    status = full.get(f"{named['CKAN']}api/3/action/status_show").json()["result"]
    assert f"{status['site_url']}/" == named["CKAN"]


def test_commands_that_the_run_names_can_be_typed_as_they_stand(full: Full) -> None:
    (open_feed,) = re.findall(r"^  Open feed  (curl .*)$", full.said, re.MULTILINE)
    done = full.type_in_shell(f"{open_feed} --silent --show-error --fail")
    assert len(done.stdout.splitlines()) == 6, done.stderr
    (shared,) = re.findall(r"^( +TOKEN=.*\n.*curl.*\n.*)$", full.said, re.MULTILINE)
    done = full.type_in_shell(f"{shared} --silent --show-error --fail")
    assert "44184" in done.stdout, done.stderr


def test_a_partners_machine_gets_its_token_and_its_rows_through_the_front_and_reaches_no_administration(
    full: Full,
) -> None:
    front = f"https://127.0.0.1:{full.ports['FRONT']}"
    realm = full.get(f"{front}/realms/archipel/.well-known/openid-configuration").json()
    assert realm["issuer"] == f"{front}/realms/archipel"
    assert realm["token_endpoint"].startswith(front)
    settings = PROFILES["full"].adapt(full.settings)
    machine = {"client_id": "machine-exemple-startup", "client_secret": client_secret(settings, "exemple-startup")}
    answer = full.post(realm["token_endpoint"], {"grant_type": "client_credentials", **machine})
    token = answer.json()["access_token"]
    feed = f"{front}/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment&format=json"
    assert full.get(feed, Authorization=f"Bearer {token}").status_code == 200
    assert full.get(feed).status_code == 401
    for path in ("/realms/master/.well-known/openid-configuration", "/admin/", "/admin/realms", "/metrics"):
        assert full.get(f"{front}{path}").status_code == 404, path


def test_the_embedded_form_does_not_begin_a_second_state_beside_it(full: Full) -> None:
    refused = full.native("run")
    assert refused.returncode == 2
    assert "make run PROFILE=full" in refused.stderr
    assert not list(full.state.glob("*.sqlite*"))


def test_what_was_kept_in_sqlite_is_brought_over_at_the_first_start() -> None:
    with new_stack() as other:
        before = Journal.from_settings(Settings(state_dir=other.state))
        before.append("publication", {"version": "1"}, subject="agent (exemple)")
        exported = list(before.export())
        started = other.native("up", "postgresql")
        assert started.returncode == 0, started.stderr
        assert "brought over" in started.stdout
        with _connect(other, "archipel", "archipel") as state:
            hashes = state.execute("SELECT hash FROM journal_entries").fetchall()
        assert [hash_ for (hash_,) in hashes] == [entry.hash for entry in before.search()]
        assert (other.state / "state-before-postgresql.sqlite").is_file()
        assert len(exported) == 2
