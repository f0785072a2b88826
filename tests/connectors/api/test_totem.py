"""TOTEM: every line of a budget with its headers, from an address or a folder; what is no budget is refused."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from connectors import totem
from connectors.base import Fetched, FetchRequest, Limits
from connectors.problems import BadOptions, ConnectorProblem, EgressForbidden, UnexpectedAnswer
from tests.connectors.api.budget_document import budget, line

SHARED = Path(__file__).parents[4] / "shared" / "data" / "budgets-totem" / "exemples"
AMOUNTS = {"BGT_MTREAL": "MtReal", "BGT_MTBUDGPREC": "MtBudgPrec", "BGT_MTPREV": "MtPrev", "BGT_CREDOUV": "CredOuv"}
LINES = [line("60", "D", "12.50", ContNat="011"), line("70", "R", "7.00")]


def _request(folder: Path, content: bytes | None, into: Path, **options: Any) -> FetchRequest:
    folder.mkdir(exist_ok=True)
    if content is not None:
        (folder / "budget.xml").write_bytes(content)
    return FetchRequest(options={"folder": str(folder), **options}, into=into, limits=Limits(folders=(folder,)))


@pytest.fixture
def fetch_of(tmp_path: Path) -> Any:
    return lambda content: totem.fetch(_request(tmp_path / "inbox", content, tmp_path / "into"))


def _rows(fetched: Fetched) -> list[dict[str, Any]]:
    assert fetched.path is not None
    return [json.loads(row) for row in fetched.path.read_text("utf-8").splitlines()]


def test_each_line_comes_with_the_headers_above_it(fetch_of: Any) -> None:
    rows = _rows(fetch_of(budget(LINES)))
    assert [row["LigneBudget"] for row in rows] == LINES
    assert rows[0]["EnTeteDocBudgetaire"]["LibelleColl"] == "Été & cie"
    assert (rows[0]["BlocBudget"]["Exer"], rows[0]["EnTeteBudget"]["Nomenclature"]) == ("2026", "M57")


def test_values_with_a_code_are_named_by_it(fetch_of: Any) -> None:
    extra = (
        '<LigneBudget><Nature V="64"/><MtSup Code="APVote" V="1.00"/><MtSup Code="Produits" V="2.00"/></LigneBudget>'
    )
    assert _rows(fetch_of(budget(LINES, extra)))[2]["LigneBudget"]["MtSup"] == {"APVote": "1.00", "Produits": "2.00"}


def test_totals_worked_out_by_totem_are_left_out(fetch_of: Any) -> None:
    assert len(_rows(fetch_of(budget(LINES, '<LigneBudget calculated="true"><MtPrev V="19.5"/></LigneBudget>')))) == 2


def test_same_lines_in_another_seal_are_no_change(fetch_of: Any, tmp_path: Path) -> None:
    first = fetch_of(budget(LINES))
    content = budget(LINES).replace(b"<VersionSchema", b'<Scellement md5="0"/><VersionSchema')
    request = _request(tmp_path / "inbox", content, tmp_path / "into")
    assert totem.fetch(request.model_copy(update={"since": first.validators})).not_modified


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<Autre/>", "'Autre' is no budget"),
        (budget([]), "no budget line"),
        (budget(LINES)[:-40], "broken XML at line 5, column"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><DocumentBudgetaire>&b;</DocumentBudgetaire>', "entities"),
        (b'<?xml version="1.0" encoding="x-none"?><DocumentBudgetaire/>', "unknown encoding"),
        (b"", "broken XML"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_budget_is_refused_and_leaves_nothing(
    fetch_of: Any, tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(UnexpectedAnswer, match=said):
        fetch_of(content)
    assert list((tmp_path / "into").iterdir()) == []


def test_only_allowed_folders_are_read(tmp_path: Path) -> None:
    request = _request(tmp_path / "inbox", budget(LINES), tmp_path / "into")
    with pytest.raises(EgressForbidden):
        totem.fetch(request.model_copy(update={"limits": Limits()}))


def test_check_names_what_would_be_read(tmp_path: Path) -> None:
    checked = totem.check(_request(tmp_path / "inbox", budget(LINES), tmp_path / "into"))
    assert (checked.filename, checked.size) == ("budget.ndjson", None)
    with pytest.raises(ConnectorProblem):
        totem.check(_request(tmp_path / "empty", None, tmp_path / "into"))


@pytest.mark.parametrize("options", [{}, {"url": "https://example.org/a.xml", "folder": "/a"}])
def test_one_of_url_and_folder_is_declared(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(BadOptions, match="either url or folder"):
        totem.fetch(FetchRequest(options=options, into=tmp_path))


@pytest.fixture
def examples() -> list[Path]:
    if not SHARED.is_dir():
        if os.environ.get("ARCHIPEL_TEST_REQUIRE_SHARED"):
            pytest.fail("the reference material folder must be beside the project")
        pytest.skip("the reference material folder is not beside the project")
    # One example was converted under rules of its own, which drop a line.
    return sorted(path.parent for path in SHARED.glob("*/totem.xml") if not path.parent.name.endswith("custom"))


@pytest.mark.shared
def test_real_documents_give_the_lines_that_the_reference_converter_gives(examples: list[Path], tmp_path: Path) -> None:
    assert len(examples) == 9
    for example in examples:
        request = _request(tmp_path / "inbox", (example / "totem.xml").read_bytes(), tmp_path / "into")
        rows = [row["LigneBudget"] for row in _rows(totem.fetch(request))]
        with (example / "expected.csv").open(encoding="utf-8", newline="") as file:
            expected = list(csv.DictReader(file))
        ours = sorted((row.get("Nature", ""), *(row.get(name, "") for name in AMOUNTS.values())) for row in rows)
        theirs = sorted((row["BGT_NATURE"], *(row[name] for name in AMOUNTS)) for row in expected)
        assert ours == theirs, example.name
