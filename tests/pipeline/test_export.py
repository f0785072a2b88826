"""A shared model written among the rows of before is, to the byte, the model written from nothing."""

import random
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from governance.pipeline import export as exporting
from governance.pipeline.export import Exported, ExportFailed, Former, export
from governance.pipeline.warehouse import SharedModel, warehouse_path
from governance.settings import Settings

MODEL = SharedModel("example", "example", "shared.example", ())
MEMBERS = ["allos", "donges", "donges-bis", "evry", "saint-nazaire", "trignac", "zuydcoote", "z-é", "z-z"]
Row = tuple[str | None, str, int, str | None, float | None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(state_dir=tmp_path / "state")
    warehouse_path(made).parent.mkdir(parents=True)
    return made


def _hold(settings: Settings, rows: list[Row], more: str = "") -> None:
    """Make the model of rows that lie in no order."""
    shuffled = random.sample(rows, len(rows))
    columns = ("member_id", "file_sha256", "line_number", "name", "size")
    frame = pl.DataFrame(
        shuffled, schema=[(name, kind) for name, kind in zip(columns, _KINDS, strict=True)], orient="row"
    )
    frame.write_parquet(settings.state_dir / "rows.parquet")
    with duckdb.connect(str(warehouse_path(settings))) as connection:
        connection.execute("create schema if not exists shared")
        connection.execute(
            f"create or replace view shared.example as select *, timestamp '2026-01-15 08:00:00' as seen_at {more} "
            f"from read_parquet('{settings.state_dir / 'rows.parquet'}')"
        )


_KINDS = (pl.String, pl.String, pl.Int64, pl.String, pl.Float64)


def _rows_of(member: str, count: int) -> list[Row]:
    """Rows of a file that nobody sent before; some twice, some with empty cells."""
    sha256 = f"{random.getrandbits(64):x}"
    lines = [(member, sha256, line, random.choice(["Aire", "École", None]), line / 7) for line in range(count)]
    return [*lines, *lines[:2]]


def _former(path: Path, made: Exported) -> Former:
    return Former(path, made.columns, made.digests_by_member)


def test_random_changes_give_the_bytes_of_everything_written_anew(settings: Settings, tmp_path: Path) -> None:
    random.seed(33)
    rows = {member: _rows_of(member, random.randrange(3000)) for member in MEMBERS[1:-1]}
    _hold(settings, [row for each in rows.values() for row in each])
    path = tmp_path / "0.parquet"
    made = export(settings, MODEL, path)
    assert made.changed is None
    for turn in range(1, 13):
        touched = set(random.sample(MEMBERS, random.randrange(1, 4)))
        for member in touched:
            gone = random.random() < 0.3 and rows.pop(member, None) is not None
            if not gone:
                rows[member] = _rows_of(member, random.randrange(6000))
        _hold(settings, [row for each in rows.values() for row in each])
        among, anew = tmp_path / f"{turn}.parquet", tmp_path / f"{turn}-anew.parquet"
        former, made = made, export(settings, MODEL, among, _former(path, made))
        assert set(made.changed or ()) == touched
        assert export(settings, MODEL, anew).rows_by_member == made.rows_by_member != former.rows_by_member
        assert among.read_bytes() == anew.read_bytes()
        assert pl.scan_parquet(among).select(pl.len()).collect().item() == made.rows
        path = among
    assert sorted(each.name for each in tmp_path.glob(".*")) == []


def test_nothing_is_written_where_no_member_has_other_rows(settings: Settings, tmp_path: Path) -> None:
    rows = [row for member in MEMBERS for row in _rows_of(member, 20)]
    _hold(settings, rows)
    made = export(settings, MODEL, tmp_path / "one.parquet")
    _hold(settings, rows)
    again = export(settings, MODEL, tmp_path / "two.parquet", _former(tmp_path / "one.parquet", made))
    assert again.changed == frozenset()
    assert not (tmp_path / "two.parquet").exists()


def test_rows_of_before_are_not_taken_over_under_other_columns(settings: Settings, tmp_path: Path) -> None:
    rows = [row for member in MEMBERS for row in _rows_of(member, 20)]
    _hold(settings, rows)
    made = export(settings, MODEL, tmp_path / "one.parquet")
    _hold(settings, rows, ", 1 as one")
    other = export(settings, MODEL, tmp_path / "two.parquet", _former(tmp_path / "one.parquet", made))
    assert other.changed is None
    assert pl.read_parquet(tmp_path / "two.parquet").columns[-1] == "one"


def test_rows_without_a_member_are_all_written_anew(settings: Settings, tmp_path: Path) -> None:
    _hold(settings, [*_rows_of("donges", 5), (None, "0", 1, None, None)])
    made = export(settings, MODEL, tmp_path / "one.parquet")
    again = export(settings, MODEL, tmp_path / "two.parquet", _former(tmp_path / "one.parquet", made))
    assert again.changed is None and again.rows == 8


def test_rows_that_change_while_they_are_read_are_no_version(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hold(settings, _rows_of("donges", 5))
    copy = exporting._copy_rows

    def meanwhile(*arguments: Any) -> None:
        path = settings.state_dir / "rows.parquet"
        pl.read_parquet(path).head(3).write_parquet(path)
        copy(*arguments)

    monkeypatch.setattr(exporting, "_copy_rows", meanwhile)
    with pytest.raises(ExportFailed, match="3 rows written, 7 counted"):
        export(settings, MODEL, tmp_path / "one.parquet")


def test_a_row_that_cannot_be_read_is_said_as_such(settings: Settings, tmp_path: Path) -> None:
    _hold(settings, _rows_of("donges", 5), ", cast(coalesce(name, 'Aire') as integer) as number")
    with pytest.raises(ExportFailed, match="Could not convert string"):
        export(settings, MODEL, tmp_path / "one.parquet")
