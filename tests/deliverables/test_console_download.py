"""The console hands out the corrected copy of a run under the rule of its row report, and 404 where there is none."""

import io
from collections.abc import Iterator
from dataclasses import replace

import httpx
import openpyxl
import pytest

from governance.api.app import create_app
from tests.api.small_platform import InProcess, served
from tests.decisions.engine import free_port
from tests.deliverables.conftest import WrongFile


@pytest.fixture
def client(wrong: WrongFile) -> Iterator[httpx.Client]:
    platform = wrong.world.platform
    port = {"console_port": free_port()}
    with (
        served(replace(platform, settings=platform.settings.model_copy(update=port))) as url,
        httpx.Client(base_url=url, timeout=30) as opened,
    ):
        yield opened


@pytest.mark.services
def test_copy_is_offered_and_shows_no_value_while_no_policy_engine_answers(
    wrong: WrongFile, client: httpx.Client
) -> None:
    """The platform of this test has no engine, so nothing says that a cell may be shown."""
    address = f"/fr/runs/{wrong.receipt.run_id}"
    assert f"{address}/corrected.xlsx" in client.get(address).text
    answer = client.get(f"{address}/corrected.xlsx")
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [cell.value for cell in sheet[2]][:2] == ["(non montrée)", "(non montrée)"]
    assert sheet.cell(5, 4).comment is not None


@pytest.mark.services
def test_page_and_json_say_what_to_mend_first_and_how_the_file_was_read(wrong: WrongFile, client: httpx.Client) -> None:
    told = client.get(f"/fr/runs/{wrong.receipt.run_id}.json").json()
    assert {mend["column"] for mend in told["first_mends"]} == {"date_maj", "type", "Xlong"}
    assert (told["read_as"]["delimiter"], told["read_as"]["header_row"]) == (";", 1)
    for address in (f"/fr/runs/{wrong.receipt.run_id}", "/fr/members/donges"):
        text = client.get(address).text
        assert "À corriger d&#39;abord" in text or "À corriger d'abord" in text
        assert "Stade" not in text and "nulle part" not in text


@pytest.mark.services
def test_run_whose_bytes_are_gone_offers_no_copy(wrong: WrongFile, client: httpx.Client) -> None:
    wrong.world.platform.lake.landed(wrong.receipt.file_sha256 or "").unlink()
    address = f"/fr/runs/{wrong.receipt.run_id}"
    assert "corrected.xlsx" not in client.get(address).text
    answer = client.get(f"{address}/corrected.xlsx")
    assert answer.status_code == 404
    assert "il n&#39;y a rien à copier" in answer.text


@pytest.mark.services
@pytest.mark.parametrize(
    ("limit", "language", "words"),
    [
        ("MAX_CELLS", "fr", "trop longue à faire pendant que vous attendez"),
        ("MAX_CELLS", "en", "takes too long to make while you wait"),
        ("MAX_ROW", "fr", "plus de lignes qu&#39;une feuille de tableur"),
    ],
)
def test_copy_that_is_too_large_for_a_page_says_why_and_which_command_gives_it(
    wrong: WrongFile, monkeypatch: pytest.MonkeyPatch, limit: str, language: str, words: str
) -> None:
    monkeypatch.setattr(f"governance.deliverables.corrected_copy.{limit}", 3)
    answer = InProcess(create_app(wrong.world.platform)).get(f"/{language}/runs/{wrong.receipt.run_id}/corrected.xlsx")
    assert answer.status_code == 404
    assert words in answer.text
    assert f"archipel report {wrong.receipt.run_id} --to" in answer.text
