"""Programs that partners read feeds with, against the real server, each in its own usual way."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import duckdb
import pandas
import polars as pl
import pyogrio
import pytest

from governance.shared_layer import read_current
from tests.api.small_platform import Running

pytestmark = pytest.mark.services
PURPOSE = "dpv:ResearchAndDevelopment"
GENERATOR = Path(sys.executable).with_name("openapi-python-client")
PROGRAM = """
import sys
from archipel_client import AuthenticatedClient, Client
from archipel_client.api.feeds import list_feeds, read_feed
from archipel_client.models import Problem

url, token, purpose = sys.argv[1:]
public = Client(base_url=url)
print([feed.id for feed in list_feeds.sync(client=public).feeds if feed.access.readable])
rows = read_feed.sync(dataset="lieux", client=public, sort="-nom", limit="2")
print([row["nom"] for row in rows])
print(read_feed.sync(dataset="lieux", client=public, count=True).count)
refused = read_feed.sync(dataset="consommation_energie", client=public)
print(isinstance(refused, Problem), refused.status, bool(refused.reasons[0].change))
mine = AuthenticatedClient(base_url=url, token=token)
rows = read_feed.sync(dataset="consommation_energie", client=mine, purpose=purpose)
print([row["consommation_kwh"] for row in rows])
"""


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_client_made_from_the_openapi_document(running: Running, tmp_path: Path) -> None:
    made = str(tmp_path / "archipel_client")
    document = f"{running.url}/v1/openapi.json"
    # The generator calls its formatter by name; what it writes runs unformatted as well.
    (tmp_path / "config.yaml").write_text("post_hooks: []\n", encoding="utf-8")
    run(
        str(GENERATOR), "generate", "--url", document, "--meta", "none", "--output-path", made,
        "--config", "config.yaml", "--fail-on-warning", cwd=tmp_path,
    )  # fmt: skip
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    said = run(
        sys.executable, "program.py", running.url, running.token("exemple-startup"), PURPOSE, cwd=tmp_path
    ).splitlines()
    assert said == [
        "['deliberations', 'lieux', 'subventions']",
        "['Aire exemple sans place', 'Aire exemple hors du globe']",
        "5",
        "True 401 True",
        "[1200.0, 800.0, 10.0]",
    ]


def test_curl_takes_a_file_goes_on_with_it_and_comes_again(running: Running, tmp_path: Path) -> None:
    address = f"{running.url}/v1/feeds/lieux?format=csv"
    curl = ("curl", "-sS", "--fail", "--etag-compare", "tag", "--etag-save", "tag")
    run("curl", "-sS", "--fail", "-O", "-J", address, cwd=tmp_path)
    whole = (tmp_path / "lieux.csv").read_bytes()
    assert whole.startswith(b"id_lieu,nom,Xlong,Ylat,date_maj")
    (tmp_path / "part.csv").write_bytes(whole[:40])
    run("curl", "-sS", "--fail", "-C", "-", "-o", "part.csv", address, cwd=tmp_path)
    assert (tmp_path / "part.csv").read_bytes() == whole
    run("curl", "-sS", "--fail", "--compressed", "-o", "packed.csv", address, cwd=tmp_path)
    assert (tmp_path / "packed.csv").read_bytes() == whole
    statuses = [run(*curl, "-o", "again.csv", "-w", "%{http_code}", address, cwd=tmp_path) for _ in range(2)]
    assert statuses == ["200", "304"]
    told = run("curl", "-sS", "-I", address, cwd=tmp_path).lower()
    current = read_current(running.platform.lake)
    assert current is not None
    assert f"content-length: {len(whole)}" in told and f"archipel-next-since: {current.version}." in told


def test_pandas_reads_csv_json_and_parquet(running: Running) -> None:
    address = f"{running.url}/v1/feeds/lieux"
    for frame in (
        pandas.read_csv(f"{address}?format=csv"),
        pandas.read_csv(f"{address}?format=csv-excel-fr", sep=";", decimal=","),
        pandas.read_json(f"{address}?format=json"),
        pandas.read_json(f"{address}?format=ndjson", lines=True),
        pandas.read_parquet(f"{address}?format=parquet"),
    ):
        assert frame["id_lieu"].tolist() == ["L-1", "L-2", "L-3", "L-4", "L-5"]
        assert frame["Xlong"].astype(float)[0] == pytest.approx(-2.2137)


def test_pandas_reads_under_an_agreement(running: Running) -> None:
    frame = pandas.read_csv(
        f"{running.url}/v1/feeds/consommation_energie?format=csv&purpose={PURPOSE}",
        storage_options={"Authorization": f"Bearer {running.token('exemple-startup')}"},
        dtype={"commune_insee": "string"},
    )
    assert frame["commune_insee"].unique().tolist() == ["44052"]
    assert len(frame) == 3


def test_duckdb_reads_what_was_downloaded(running: Running, tmp_path: Path) -> None:
    for name in ("parquet", "csv", "ndjson"):
        answer = running.client().get("/v1/feeds/lieux", params={"format": name})
        (tmp_path / f"lieux.{name}").write_bytes(answer.content)
    with duckdb.connect() as connection:
        for reader in ("read_parquet", "read_csv", "read_ndjson"):
            name = reader.removeprefix("read_")
            found = connection.execute(
                f"SELECT count(*), min(CAST(\"Xlong\" AS DOUBLE)) FROM {reader}('{tmp_path}/lieux.{name}')"
            )
            assert found.fetchone() == (5, -2.2137)
        drawn = f"SELECT st_astext(geometry) FROM '{tmp_path}/lieux.parquet' LIMIT 1"
        assert connection.execute(drawn).fetchone() == ("POINT (-2.2137 47.2735)",)


def test_polars_reads_the_arrow_stream(running: Running) -> None:
    content = running.client().get("/v1/feeds/subventions?format=arrow").content
    frame = pl.read_ipc_stream(BytesIO(content))
    assert frame.schema["dateConvention"] == pl.Date
    assert frame["montant"].cast(pl.Float64).to_list() == [1500.5, 200.0, 99999.0, 1500.5, 7.25]


def test_gdal_reads_features_under_an_agreement_or_nothing(running: Running) -> None:
    """No geometry is open to that partner, so that GDAL finds the open collection alone, with its token as without."""
    headers = f"Authorization: Bearer {running.token('exemple-startup')},Archipel-Purpose: {PURPOSE}"
    pyogrio.set_gdal_config_options({"GDAL_HTTP_HEADERS": headers})
    try:
        assert [name for name, _ in pyogrio.list_layers(f"OAPIF:{running.url}/v1/ogc")] == ["lieux"]
    finally:
        pyogrio.set_gdal_config_options({"GDAL_HTTP_HEADERS": None})


def test_readr_of_r_asks_as_a_browser_does(running: Running) -> None:
    """R itself is not here: the request is the one that curl's library makes for `readr::read_csv(url)`."""
    agent = {"User-Agent": "libcurl/8.5.0 r-curl/5.2.1 httr/1.4.7", "Accept": "*/*", "Accept-Encoding": "deflate, gzip"}
    answer = running.client(**agent).get("/v1/feeds/lieux?format=csv")
    assert answer.headers["content-encoding"] == "gzip"
    assert pl.read_csv(answer.content)["id_lieu"].to_list() == ["L-1", "L-2", "L-3", "L-4", "L-5"]
