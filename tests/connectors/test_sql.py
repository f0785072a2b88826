"""What is particular about PostgreSQL: nothing is written, names are quoted, the watermark and what it cannot see."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors import sql
from connectors.base import Fetched, FetchRequest
from connectors.postgres import Server
from connectors.problems import BadOptions, SourceRefused, SourceUnavailable, TooLarge
from tests.connectors.contract.adapters.sql import ROWS, Adapter
from tests.connectors.contract.servers import Servers


@pytest.fixture
def source(tmp_path: Path, servers: Servers) -> Iterator[Adapter]:
    with ExitStack() as stack:
        yield Adapter(tmp_path, servers, stack)


def _with(source: Adapter, request: FetchRequest | None = None, **options: Any) -> FetchRequest:
    return (request or source.request()).model_copy(update={"options": {**source.options(), **options}})


def _rows(fetched: Fetched) -> list[dict[str, Any]]:
    assert fetched.path is not None
    return [json.loads(line, parse_float=str) for line in fetched.path.read_text(encoding="utf-8").splitlines()]


def test_nothing_can_be_written_not_even_by_a_function_of_a_view(source: Adapter) -> None:
    name = source.table
    source.server.admin.execute(
        f"CREATE FUNCTION erase_{name}() RETURNS int LANGUAGE sql AS 'DELETE FROM {name} RETURNING 1';"
        f"CREATE VIEW trap_{name} AS SELECT erase_{name}() AS id"
    )
    with pytest.raises(SourceRefused, match="25006"):
        sql.fetch(_with(source, table=f"public.trap_{name}", watermark=None))
    assert source.server.admin.execute(f"SELECT count(*) FROM {name}").fetchone() == (ROWS,)


@pytest.mark.parametrize("name", ['x"; DROP TABLE y; --', "select", "é à"])
def test_names_are_quoted_by_the_driver(source: Adapter, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + f'-{source.table}"'
    source.server.admin.execute(f"CREATE TABLE {quoted} AS SELECT 1 AS {quoted}")
    column = f"{name}-{source.table}"
    fetched = sql.fetch(_with(source, table=f"public.{column}", key=[column], columns=[column], watermark=None))
    assert _rows(fetched) == [{column: 1}]


def test_only_declared_columns_are_taken_and_the_watermark_need_not_be(source: Adapter) -> None:
    fetched = sql.fetch(_with(source, columns=["id", "Montant €"]))
    assert _rows(fetched)[0] == {"id": 0, "Montant €": "12.50"}
    assert fetched.validators.watermark == "2026-01-01 00:00:59+00"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"columns": ["nom"]}, "not taken: id"),
        ({"watermark": None, "overlap_seconds": 5}, "overlap_seconds goes with watermark"),
        ({"key": []}, "key"),
        ({"table": "a.b.c"}, "table"),
    ],
)
def test_options_that_contradict_each_other_are_named(source: Adapter, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BadOptions, match=words):
        sql.fetch(_with(source, **changed))


@pytest.mark.parametrize(("key", "words"), [(["nom"], "several rows share"), (["absent"], "SQL|column|exist")])
def test_key_that_is_none_loses_no_row_but_stops(source: Adapter, key: list[str], words: str) -> None:
    source.server.admin.execute(f"UPDATE {source.table} SET nom = 'même nom'")
    with pytest.raises((BadOptions, SourceRefused), match=words):
        sql.fetch(_with(source, key=key))
    assert source.left() == []


def test_rows_over_the_cap_are_refused(source: Adapter) -> None:
    with pytest.raises(TooLarge, match="over 1999 rows"):
        sql.fetch(_with(source, max_rows=ROWS - 1))
    assert len(_rows(sql.fetch(_with(source, max_rows=ROWS)))) == ROWS


def test_only_rows_from_the_watermark_on_cross_the_network(source: Adapter) -> None:
    first = sql.fetch(source.request())
    known = source.settle(first)
    source.change()
    again = sql.fetch(source.request(known))
    assert again.received_bytes < first.received_bytes / 20
    assert len(_rows(again)) == ROWS + 1


def test_row_of_the_watermark_s_own_instant_that_came_later_is_taken(source: Adapter) -> None:
    known = source.settle(sql.fetch(source.request()))
    source.server.admin.execute(f"INSERT INTO {source.table} VALUES (9999, 'tard', 1, '2026-01-01 00:00:59Z')")
    assert {"id": 9999} in [{"id": row["id"]} for row in _rows(sql.fetch(source.request(known)))]


def test_row_committed_behind_the_watermark_is_found_by_the_overlap(source: Adapter) -> None:
    known = source.settle(sql.fetch(source.request()))
    source.server.admin.execute(f"INSERT INTO {source.table} VALUES (9999, 'tard', 1, '2026-01-01 00:00:30Z')")
    assert sql.fetch(source.request(known)).not_modified
    found = sql.fetch(_with(source, source.request(known), overlap_seconds=40))
    assert 9999 in [row["id"] for row in _rows(found)]


def test_row_without_a_watermark_is_taken_each_time(source: Adapter) -> None:
    source.server.admin.execute(f"ALTER TABLE {source.table} ALTER seen DROP NOT NULL")
    known = source.settle(sql.fetch(source.request()))
    source.server.admin.execute(f"INSERT INTO {source.table} VALUES (9999, 'sans date', 1, NULL)")
    again = sql.fetch(source.request(known))
    assert 9999 in [row["id"] for row in _rows(again)]
    assert again.validators.watermark == known.watermark


def test_table_without_a_watermark_comes_whole_without_what_is_gone(source: Adapter) -> None:
    known = source.settle(sql.fetch(_with(source, watermark=None)))
    source.remove()
    again = sql.fetch(_with(source, source.request(known), watermark=None))
    assert (len(_rows(again)), again.gone, again.validators.watermark) == (ROWS - 1, 0, None)


def test_line_break_in_a_column_of_json_stays_within_its_line(source: Adapter) -> None:
    name = f"json_{source.table}"
    source.server.admin.execute(f"""CREATE TABLE {name} AS SELECT 1 AS id, '{{"a":\n "b\\nc"}}'::json AS detail""")
    fetched = sql.fetch(_with(source, table=f"public.{name}", watermark=None))
    assert _rows(fetched) == [{"id": 1, "detail": {"a": "b\nc"}}]


def test_number_keeps_its_digits(source: Adapter) -> None:
    name = f"digits_{source.table}"
    source.server.admin.execute(f"CREATE TABLE {name} AS SELECT 1 AS id, 12345678901234567890.10::numeric AS amount")
    fetched = sql.fetch(_with(source, table=f"public.{name}", watermark=None))
    assert _rows(fetched)[0]["amount"] == "12345678901234567890.10"


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"table": "public.absent"}, "no such table"), ({"table": "absent.a"}, "no such table")]
    + [({"columns": ["id", "absent"]}, "column does not exist"), ({"database": "absent"}, "user, password")],
)
def test_what_is_not_there_is_said(source: Adapter, changed: dict[str, Any], words: str) -> None:
    for act in (sql.check, sql.fetch):
        with pytest.raises(SourceRefused, match=words):
            act(_with(source, **changed))


def test_user_who_may_not_read_is_told_so(source: Adapter) -> None:
    user = f"reader_{source.table}"
    source.server.admin.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'example-of-a-word'")
    source.secret = f"{user}:example-of-a-word"
    with pytest.raises(SourceRefused, match="may not read"):
        sql.fetch(source.request())


def test_server_that_does_not_encrypt_is_refused_where_encryption_is_declared(source: Adapter) -> None:
    with pytest.raises(SourceRefused, match="does not encrypt"):
        sql.fetch(_with(source, tls=True))


def test_slow_statement_is_cut(source: Adapter) -> None:
    name = f"slow_{source.table}"
    source.server.admin.execute(f"CREATE VIEW {name} AS SELECT 1 AS id FROM pg_sleep(30)")
    with pytest.raises(SourceUnavailable, match="silent|too slow"):
        sql.fetch(
            _with(source, source.request(timeout_seconds=0.3, attempts=1), table=f"public.{name}", watermark=None)
        )


def test_server_that_is_starting_may_be_asked_again() -> None:
    error = psycopg.OperationalError("connection failed: FATAL:  the database system is starting up")
    problem = Server._problem(_Where(), error)  # type: ignore[arg-type]
    assert isinstance(problem, SourceUnavailable)


class _Where:
    where = "postgresql://example:5432/a/b"
