"""PostgreSQL and MQTT over TLS: the name is checked, and the connection goes to the address that was judged."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors import mqtt, sql
from connectors.base import EgressRules, FetchRequest
from connectors.egress import Address
from connectors.problems import BadOptions, SourceRefused
from tests.connectors.certificate import public_part, write_certificate
from tests.connectors.contract.adapter import SECRET
from tests.connectors.contract.adapters import mqtt as mqtt_source
from tests.connectors.contract.adapters import sql as sql_source
from tests.connectors.contract.servers import Servers, free_port, program, started, wait_for_port

NAME = "mairie.example"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name is this machine, first at an address where nobody listens; which were asked for."""
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.9"), ip_address("127.0.0.1")]

    for function in ("judge_service", "judge_host"):
        defaults = getattr(__import__("connectors.egress", fromlist=[function]), function).__defaults__
        monkeypatch.setattr(f"connectors.egress.{function}.__defaults__", (*defaults[:-1], resolve))
    return asked


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path, NAME)


def _to(source: Any, port: int, certificate: Path, host: str, **options: Any) -> FetchRequest:
    request: FetchRequest = source.request()
    declared = {**source.options(), "host": host, "port": port, "tls": True, "ca": public_part(certificate), **options}
    rules = EgressRules(exceptions=(f"{host}:{port}",))
    limits = request.limits.model_copy(update={"egress": rules, "attempts": 1})
    return request.model_copy(update={"options": declared, "limits": limits})


@pytest.fixture
def table(tmp_path: Path, servers: Servers, certificate: Path) -> Iterator[sql_source.Adapter]:
    """A table of the server, which encrypts for as long as the test lasts."""
    with ExitStack() as stack:
        source = sql_source.Adapter(tmp_path, servers, stack)
        home, admin = source.server.home, source.server.admin
        shutil.copy(certificate, home / "tls.pem")
        shutil.chown(home / "tls.pem", home.owner())
        (home / "tls.pem").chmod(0o600)
        for setting, value in (("ssl_cert_file", home / "tls.pem"), ("ssl_key_file", home / "tls.pem"), ("ssl", "on")):
            admin.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
        _reload(admin)
        yield source
        admin.execute("ALTER SYSTEM SET ssl = off")
        _reload(admin)


def _reload(admin: psycopg.Connection[Any]) -> None:
    """Return once the server has read its settings anew."""
    (before,) = admin.execute("SELECT pg_conf_load_time()").fetchone() or (None,)
    admin.execute("SELECT pg_reload_conf()")
    while (admin.execute("SELECT pg_conf_load_time()").fetchone() or (None,))[0] == before:
        time.sleep(0.01)


@pytest.fixture
def topics(tmp_path: Path, servers: Servers, certificate: Path) -> Iterator[tuple[mqtt_source.Adapter, int]]:
    """Topics of a broker that encrypts, and its port."""
    with ExitStack() as stack:
        source, port, folder = mqtt_source.Adapter(tmp_path, servers, stack), free_port(), tmp_path / "broker"
        folder.mkdir()
        subprocess.run(
            [program("mosquitto_passwd"), "-c", "-b", str(folder / "passwords"), "archipel", SECRET],
            check=True,
            capture_output=True,
        )
        (folder / "mosquitto.conf").write_text(
            mqtt_source.CONFIGURATION.format(port=port, folder=folder)
            + f"certfile {certificate}\nkeyfile {certificate}\nuser root\n"
        )
        log = folder / "log"
        started(stack, log, program("mosquitto"), "-c", str(folder / "mosquitto.conf"))
        wait_for_port(port, log.read_text)
        yield source, port


def test_database_is_reached_by_name_at_the_judged_address(
    table: sql_source.Adapter, certificate: Path, names: list[str]
) -> None:
    fetched = sql.fetch(_to(table, table.server.port, certificate, NAME))
    assert fetched.path is not None
    assert table.content_of(fetched.path) == table.expected()
    assert names == [NAME]


def test_database_of_another_name_or_authority_is_refused(table: sql_source.Adapter, certificate: Path) -> None:
    port = table.server.port
    for request in (_to(table, port, certificate, "autre.example"), _to(table, port, certificate, NAME, ca=None)):
        with pytest.raises(SourceRefused, match="certificate not trusted"):
            sql.fetch(request)


def test_broker_is_reached_by_name_at_the_judged_address(
    topics: tuple[mqtt_source.Adapter, int], certificate: Path, names: list[str]
) -> None:
    source, port = topics
    fetched = mqtt.fetch(_to(source, port, certificate, NAME))
    assert fetched.size == 0
    assert names == [NAME]


def test_broker_of_another_name_or_authority_is_refused(
    topics: tuple[mqtt_source.Adapter, int], certificate: Path
) -> None:
    source, port = topics
    for request in (_to(source, port, certificate, "autre.example"), _to(source, port, certificate, NAME, ca=None)):
        with pytest.raises(SourceRefused, match="certificate not trusted"):
            mqtt.fetch(request)


@pytest.mark.parametrize("ca", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"])
def test_authority_that_is_no_certificate_is_a_wrong_option(
    table: sql_source.Adapter, certificate: Path, ca: str
) -> None:
    with pytest.raises(BadOptions, match="PEM"):
        sql.fetch(_to(table, table.server.port, certificate, NAME, ca=ca))
