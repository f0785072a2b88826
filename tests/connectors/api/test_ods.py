"""Opendatasoft: the whole export or what is new, and what an incremental source must never do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import ods
from connectors.base import Fetched
from connectors.problems import BadOptions, SourceRefused, UnexpectedAnswer
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.ods_portal import BASE, OdsPortal
from tests.connectors.api.served import Reply, json_reply

NEW: dict[str, Any] = {"dataset": "releves", "watermark": "seen", "key": ["id"]}
Keep = Callable[[Fetched], Path]


@pytest.fixture
def portal(serve: Serve[OdsPortal]) -> OdsPortal:
    return serve(OdsPortal())


def _rows(path: Path | None) -> dict[int, dict[str, Any]]:
    assert path is not None
    return {row["id"]: row for row in map(json.loads, path.read_text("utf-8").splitlines())}


def test_whole_export_is_taken_as_the_portal_writes_it(portal: OdsPortal, ask: Ask) -> None:
    fetched = ods.fetch(ask(portal, dataset="releves"))
    assert fetched.path is not None
    assert fetched.path.read_bytes().count(b"\n") == 301
    assert (fetched.filename, portal.asked[-1].query) == ("releves.csv", {"timezone": "UTC"})


def test_unprocessed_dataset_costs_one_question(portal: OdsPortal, ask: Ask) -> None:
    first = ods.fetch(ask(portal, dataset="releves"))
    portal.asked.clear()
    assert ods.fetch(ask(portal, first.validators, dataset="releves")).not_modified
    assert portal.paths() == [f"{BASE}releves"]


def test_dataset_without_a_date_is_known_by_the_export_itself(portal: OdsPortal, ask: Ask) -> None:
    portal.changed = None
    first = ods.fetch(ask(portal, dataset="releves"))
    portal.rows.pop()
    assert not ods.fetch(ask(portal, first.validators, dataset="releves")).not_modified


def test_only_rows_past_the_watermark_are_asked_for_and_all_are_handed_over(
    portal: OdsPortal, ask: Ask, keep: Keep
) -> None:
    first = ods.fetch(ask(portal, **NEW))
    assert first.validators.watermark == "2025-01-01T00:04:59+00:00"
    previous = keep(first)
    portal.changed = "2025-01-03"
    portal.rows[3] = {"id": 3, "nom": "changé", "seen": "2025-02-01T00:00:00+00:00"}
    portal.rows.append({"id": 300, "nom": "nouveau", "seen": "2025-02-01T00:00:01+00:00"})
    again = ods.fetch(ask(portal, first.validators, previous=previous, **NEW))
    rows = _rows(again.path)
    assert (len(rows), rows[3]["nom"], again.gone) == (301, "changé", 0)
    assert again.validators.watermark == "2025-02-01T00:00:01+00:00"
    assert portal.asked[-1].query["where"] == "seen >= date'2025-01-01T00:04:59+00:00'"
    assert again.received_bytes < first.received_bytes / 10


def test_deleted_rows_are_told_and_kept(portal: OdsPortal, ask: Ask, keep: Keep) -> None:
    first = ods.fetch(ask(portal, **NEW))
    previous = keep(first)
    portal.changed = "2025-01-03"
    del portal.rows[5:7]
    again = ods.fetch(ask(portal, first.validators, previous=previous, **NEW))
    assert (again.gone, again.not_modified) == (2, True)


def test_watermark_without_the_rows_it_stands_for_reads_all(portal: OdsPortal, ask: Ask) -> None:
    first = ods.fetch(ask(portal, **NEW))
    again = ods.fetch(ask(portal, first.validators, **NEW))
    assert again.not_modified
    assert "where" not in portal.asked[-1].query


def test_declared_key_that_is_none_is_refused_rather_than_losing_rows(portal: OdsPortal, ask: Ask) -> None:
    portal.rows[1]["id"] = 0
    request = ask(portal, **NEW)
    with pytest.raises(BadOptions, match="two rows have id in common"):
        ods.fetch(request)
    assert list(request.into.iterdir()) == []


def test_watermark_that_is_no_date_is_refused(portal: OdsPortal, ask: Ask) -> None:
    with pytest.raises(BadOptions, match="no date and time of ISO 8601: 'exemple 0'"):
        ods.fetch(ask(portal, dataset="releves", watermark="nom", key=["id"]))


def test_own_filter_is_kept_beside_the_watermark(portal: OdsPortal, ask: Ask, keep: Keep) -> None:
    portal.rows[0]["nom"] = "x"
    options = {**NEW, "where": "seen >= date'2025-01-01T00:00:00+00:00'"}
    first = ods.fetch(ask(portal, **options))
    previous = keep(first)
    portal.changed = "later"
    ods.fetch(ask(portal, first.validators, previous=previous, **options))
    both = "(seen >= date'2025-01-01T00:00:00+00:00') and seen >= date'2025-01-01T00:04:59+00:00'"
    assert portal.asked[-1].query["where"] == both


def test_broken_line_is_named_and_nothing_is_handed_over(portal: OdsPortal, ask: Ask) -> None:
    portal.instead = [json_reply({"metas": {}}), Reply(b'{"id": 1, "seen": null}\n{"id": 2, "se')]
    request = ask(portal, **NEW)
    with pytest.raises(UnexpectedAnswer, match="line 2"):
        ods.fetch(request)
    assert list(request.into.iterdir()) == []


def test_error_of_the_query_language_is_told_in_the_portal_s_words(portal: OdsPortal, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="ODSQLError, ODSQL query is malformed: nom is big") as caught:
        ods.fetch(ask(portal, dataset="releves", where="nom is big"))
    assert caught.value.remedy_fr == "Vérifiez les options de la source."


def test_unknown_dataset_is_told(portal: OdsPortal, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="UnknownDatasetError"):
        ods.check(ask(portal, dataset="absent"))


def test_key_is_sent_as_the_portal_wants_it(portal: OdsPortal, ask: Ask) -> None:
    portal.key = "k3y"
    assert ods.fetch(ask(portal, secret="k3y", auth="key", dataset="releves")).size
    with pytest.raises(SourceRefused, match="bad key"):
        ods.fetch(ask(portal, dataset="releves"))
