"""The console hands out the corrected copy of a run under the rule of its row report, and 404 where there is none."""

import io
from collections.abc import Iterator
from dataclasses import replace

import httpx
import openpyxl
import pytest

from tests.api.small_platform import served
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
    assert client.get(f"{address}/corrected.xlsx").status_code == 404
