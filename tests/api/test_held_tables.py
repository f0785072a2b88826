"""Held tables answer as their files do, in the same order; what is held is bounded and nobody depends on it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from governance.api.formats import BY_NAME
from governance.api.held_tables import HeldTables
from governance.api.query import FeedQuery, Filter, quote
from governance.api.rows import Relation, RowReader

ROWS = 20_000


def _file(folder: Path, name: str, rows: int = ROWS) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.parquet"
    sql = f"SELECT i, '{name} ' || (i * 7919 % {rows}) AS word, i * 1.37 AS amount FROM range({rows}) AS t(i)"
    duckdb.connect().execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)")
    return path


def _held(engine: duckdb.DuckDBPyConnection) -> set[str]:
    found = engine.cursor().execute("SELECT table_name FROM duckdb_tables()").fetchall()
    return {Path(name).stem for (name,) in found}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[RowReader]:
    reader = RowReader(tmp_path / "shared", tmp_path / "work")
    yield reader
    reader.close()


def _relation(file: Path) -> Relation:
    return Relation(f"SELECT i, word, amount FROM {quote(str(file))} WHERE i % 3 <> ?", (1,), file=file)


def _page(reader: RowReader, relation: Relation, offset: int = 0, *, is_sorted: bool = False) -> bytes:
    sort = (("word", True),) if is_sorted else ()
    query = FeedQuery(("i", "word", "amount"), (Filter("amount", "gte", (5000,)),), sort, 700)
    with reader.page(relation, query, offset, BY_NAME["json"]) as page:
        return page.path.read_bytes()


def test_page_of_a_held_table_is_that_of_its_file_to_the_byte(reader: RowReader, tmp_path: Path) -> None:
    relation = _relation(_file(tmp_path / "shared", "a"))
    asked = [(0, False), (700, False), (4_200, False), (0, True), (700, True)]
    query = FeedQuery((), (Filter("amount", "lt", (9000,)),))
    counted = reader.count(relation, query)
    first = _page(reader, relation)
    assert _held(reader._engine) == set()
    from_file = []
    for offset, is_sorted in asked:
        fresh = RowReader(tmp_path / "shared", tmp_path / "other")
        from_file.append(_page(fresh, relation, offset, is_sorted=is_sorted))
        fresh.close()
    assert _page(reader, relation) == first
    assert _held(reader._engine) == {"a"}
    assert [_page(reader, relation, offset, is_sorted=is_sorted) for offset, is_sorted in asked] == from_file
    assert reader.count(relation, query) == counted


def test_file_that_is_too_large_stays_where_it_lies(tmp_path: Path) -> None:
    engine, file = duckdb.connect(), _file(tmp_path, "a")
    tables = HeldTables(engine, largest_file=file.stat().st_size - 1)
    for _ in range(3):
        tables.ask(file)
    assert _held(engine) == set()


def test_table_used_longest_ago_leaves_for_another_and_may_come_back(tmp_path: Path) -> None:
    engine = duckdb.connect()
    one, two, three = (_file(tmp_path, name, 200_000) for name in "abc")
    engine.execute(f"CREATE TABLE measured AS SELECT * FROM '{one}'")
    taken = engine.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()[0][0]
    engine.execute("DROP TABLE measured")
    tables = HeldTables(engine, most_bytes=int(2.5 * taken))
    for file in (one, one, two, two, one, three, three):
        tables.ask(file)
    assert _held(engine) == {"a", "c"}
    tables.ask(two)
    assert _held(engine) == {"b", "c"}


def test_table_goes_with_its_file(tmp_path: Path) -> None:
    engine = duckdb.connect()
    tables = HeldTables(engine)
    one, two = _file(tmp_path, "a"), _file(tmp_path, "b")
    for file in (one, one):
        tables.ask(file)
    one.unlink()
    for file in (two, two):
        tables.ask(file)
    assert _held(engine) == {"b"}
    assert engine.execute(f"SELECT count(*) FROM {quote(str(two))}").fetchall() == [(ROWS,)]


def test_file_that_cannot_be_read_is_not_held(tmp_path: Path) -> None:
    engine, broken = duckdb.connect(), tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no table PAR1")
    tables = HeldTables(engine)
    for _ in range(4):
        tables.ask(broken)
    assert _held(engine) == set()


def test_who_reads_while_tables_come_and_go_reads_right(tmp_path: Path) -> None:
    reader = RowReader(tmp_path / "shared", tmp_path / "work")
    files = [_file(tmp_path / "shared", name) for name in "ab"]
    reader._held = HeldTables(reader._engine, most_bytes=1)  # each is dropped as soon as it is there
    wanted = {file: _page(reader, _relation(file), 700) for file in files}
    started = threading.Barrier(4)

    def read(number: int) -> int:
        started.wait(10)
        file = files[number % 2]
        reader._held._asked[file] = True
        return sum(_page(reader, _relation(file), 700) == wanted[file] for _ in range(25))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(4))) == [25] * 4
    reader.close()
