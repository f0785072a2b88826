"""Only what the decision opens is in the catalogue's folder: not a cell, a column or a dataset more."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.catalogue.distributions import _connect
from governance.contracts.model import Contract
from tests.catalogue.world import CONTRACTS, ROWS, SECRETS, World

HIDDEN_DATASETS = ("energie", "plaintes")


def _everything(root: Path) -> list[bytes]:
    files = [path for path in root.rglob("*") if path.is_file()]
    plain = [path.read_bytes() for path in files] + [str(path).encode() for path in files]
    return plain + [repr(pl.read_parquet(path).rows()).encode() for path in files if path.suffix == ".parquet"]


def test_no_personal_column_and_no_closed_dataset_is_in_any_byte(world: World) -> None:
    world.publish()
    found = _everything(world.catalogue)
    assert any(b"Gymnase" in content for content in found)
    for secret in (*SECRETS, *HIDDEN_DATASETS):
        assert not [content for content in found if secret.encode() in content], secret


def test_secret_would_be_found_if_it_were_published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(column.model_copy(update={"tags": ()}) for column in CONTRACTS["equipements"].columns)
    opened: Contract = CONTRACTS["equipements"].model_copy(update={"columns": columns})
    monkeypatch.setitem(CONTRACTS, "equipements", opened)
    world.publish()
    assert any(b"SECRET-COURRIEL" in content for content in _everything(world.catalogue))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    closed=st.sets(st.sampled_from(["besne", "donges"])),
    columns=st.sets(
        st.tuples(st.just("equipements"), st.sampled_from(["besne", "donges"]), st.sampled_from(["nom", "surface_m2"]))
    ),
)
def test_rows_and_cells_that_a_commune_keeps_back_are_in_no_file(
    tmp_path_factory: pytest.TempPathFactory, closed: set[str], columns: set[tuple[str, str, str]]
) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    world.share(ROWS)
    world.decisions.closed = {("equipements", member) for member in closed}
    world.decisions.closed_columns = columns
    world.publish()
    frames = [pl.read_parquet(path) for path in (world.served / "files").glob("*.parquet")]
    assert bool(frames) == (closed != {"besne", "donges"})
    for frame in frames:
        assert not closed & set(frame["member_id"])
        for _, member, column in columns:
            if column in frame.columns:
                assert (
                    frame.filter(pl.col("member_id") == member)[column].null_count()
                    == frame.filter(pl.col("member_id") == member).height
                )


def test_nothing_open_gives_an_empty_catalogue_and_no_file(world: World) -> None:
    world.decisions.closed = {("equipements", "besne"), ("equipements", "donges")}
    publication = world.publish()
    assert publication.catalogue.datasets == ()
    assert not list((world.catalogue).rglob("*.csv"))
    assert (world.served / "catalog.ttl").is_file()


def test_column_without_a_contract_is_not_published(world: World) -> None:
    assert world.shared is not None
    table = world.shared.tables["equipements"]
    path = world.lake.shared / table.file
    pl.read_parquet(path).with_columns(pl.lit("SECRET-COMPTEUR").alias("ajout")).write_parquet(path)
    wider = table.model_copy(update={"columns": (*table.columns, ("ajout", "VARCHAR")), "sha256": "0" * 64})
    world.shared = world.shared.model_copy(update={"tables": {"equipements": wider}})
    world.publish()
    assert not [content for content in _everything(world.catalogue) if b"SECRET-COMPTEUR" in content]


def test_connection_that_writes_files_reaches_neither_other_folders_nor_the_network(tmp_path: Path) -> None:
    for name in ("shared", "drafts", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere" / "keys.csv").write_text("secret\n1\n", encoding="utf-8")
    with _connect(tmp_path / "shared", tmp_path / "drafts") as connection:
        for address in (tmp_path / "elsewhere" / "keys.csv", "http://127.0.0.1:1/keys.csv"):
            with pytest.raises(duckdb.PermissionException):
                connection.execute("SELECT * FROM read_csv(?)", [str(address)])
        with pytest.raises(duckdb.Error, match="locked"):
            connection.execute("SET enable_external_access = true")
