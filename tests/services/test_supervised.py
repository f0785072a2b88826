"""The services themselves: who they run as, what they answer, and that nothing of them is left behind."""

import os
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.services.portal import Portal
from tests.services.stack import Stack, new_stack

pytestmark = pytest.mark.services
UP = ("postgresql", "redis", "solr", "ckan")


def _processes_of(stack: Stack) -> list[str]:
    listed = subprocess.run(["ps", "-eww", "-o", "user=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(stack.state) in line]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_each_service_runs_and_a_second_start_starts_nothing(stack: Stack) -> None:
    assert stack.native("status").stdout.split() == [word for name in sorted(UP) for word in (name, "RUNNING")]
    again = stack.native("up", "ckan")
    assert again.returncode == 0
    assert "nothing was started" in again.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is only needed for root")
def test_postgresql_does_not_run_as_root(stack: Stack) -> None:
    (server,) = [line for line in _processes_of(stack) if "bin/postgres " in line]
    assert not server.startswith("root")


def test_secrets_are_read_by_their_owner_alone_and_stand_on_no_command_line(stack: Stack) -> None:
    secrets = list((stack.state / "keys").iterdir())
    assert len(secrets) >= 6
    written = [*secrets, *(stack.state / "services").glob("*/*.ini"), *(stack.state / "services").glob("*/*.conf")]
    assert [path.name for path in written if path.stat().st_mode & 0o077] == []
    shown = "\n".join(_processes_of(stack))
    assert [path.name for path in secrets if path.read_text(encoding="utf-8") in shown] == []
    supervisor = (stack.state / "supervisor" / "supervisord.conf").read_text(encoding="utf-8")
    assert [path.name for path in secrets if path.read_text(encoding="utf-8") in supervisor] == []


def test_redis_and_postgresql_ask_for_a_password(stack: Stack) -> None:
    with socket.create_connection(("127.0.0.1", stack.ports["REDIS"]), 5) as redis:
        redis.sendall(b"GET anything\r\n")
        assert redis.recv(64).startswith(b"-NOAUTH")
    asked = ["psql", "-w", "-h", "127.0.0.1", "-p", str(stack.ports["POSTGRESQL"]), "-U", "postgres", "-c", "SELECT 1"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "password" in done.stderr


@pytest.mark.parametrize("words", ["équipement", "equipements", "l'équipement"])
def test_search_knows_french_words_with_and_without_accents_and_articles(published: Portal, words: str) -> None:
    query = {"q": words, "rows": "10"}
    found = httpx.get(f"{published.address}/api/3/action/package_search", params=query, timeout=30).json()["result"]
    assert found["count"] == 3


def test_pages_are_french_first_and_say_who_publishes(published: Portal) -> None:
    page = published.anonymous("/dataset/equipements--besne").text
    assert '<html lang="fr"' in page
    for words in ("Titre equipements : Besné", "Code INSEE", "44013", "Territoire", "ouvert à tous"):
        assert words in page, words
    for words in ("Retiré de la publication", "facebook", "There is no description"):
        assert words not in page, words
    assert "Period covered" in published.anonymous("/en/dataset/equipements--besne").text
    home = published.anonymous("/").text
    assert "Bienvenue sur CKAN" not in home
    assert "Besné" in home


def test_a_taken_port_is_told_with_its_setting() -> None:
    with new_stack() as other, socket.create_server(("127.0.0.1", other.ports["REDIS"])):
        done = other.native("up", "redis")
    assert done.returncode == 2
    assert f"Port {other.ports['REDIS']}, wanted by redis, is taken" in done.stderr
    assert "ARCHIPEL_REDIS_PORT=" in done.stderr


def test_a_service_that_does_not_exist_is_told_with_those_that_do() -> None:
    with new_stack() as other:
        done = other.native("up", "oracle")
    assert done.returncode == 2
    assert "oracle" in done.stderr
    assert all(name in done.stderr for name in UP)


def test_stop_leaves_no_process_and_no_port_and_what_was_kept_comes_back() -> None:
    with new_stack() as other:
        assert other.native("up", "postgresql", "redis").returncode == 0
        assert len(_processes_of(other)) >= 2  # the supervisor and PostgreSQL; Redis shows its port instead
        kept = (other.state / "keys" / "postgresql_superuser").read_text(encoding="utf-8")
        assert other.native("stop").stdout.strip() == "stopped"
        assert _processes_of(other) == []
        assert not any(_listens(port) for port in other.ports.values())
        assert not (other.state / "services" / "postgresql" / "data" / "postmaster.pid").exists()
        assert other.native("up", "postgresql").returncode == 0
        assert (other.state / "keys" / "postgresql_superuser").read_text(encoding="utf-8") == kept


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as somebody else")
def test_a_folder_that_postgresql_may_not_enter_is_named() -> None:
    with new_stack() as other:
        other.state.chmod(0o700)
        done = other.native("up", "postgresql")
    assert done.returncode == 2
    assert f"chmod o+x {other.state}" in done.stderr


def test_the_cache_holds_what_the_locks_say(stack: Stack) -> None:
    from infra.native.downloads import read_checksums
    from infra.native.services.ckan_environment import environment_folder
    from infra.native.services.solr import FOLDER, jar_folder

    assert (environment_folder() / ".ready").is_file()
    assert {path.name for path in jar_folder().iterdir()} == set(read_checksums(Path(FOLDER) / "checksums.txt"))
