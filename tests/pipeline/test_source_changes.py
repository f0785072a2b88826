"""What tells of a change: tags that move without the bytes, rows read on from a watermark, secrets that are missing."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from connectors import registry
from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, Validators
from governance.pipeline.harvest import harvest
from governance.state.cursors import find_cursors
from governance.state.receipts import Receipt
from tests.pipeline.conftest import HEADER, World, place

KEY = ("donges", "lieux_covoiturage")


class _Told(ModuleType):
    """A connector that gives what the test says and keeps what it was asked."""

    class Options(ConnectorOptions):
        """None."""

    def __init__(self) -> None:
        super().__init__("told")
        self.lines = [place(1)]
        self.validators = Validators(etag="one", watermark="2026-01-01")
        self.gone = 0
        self.asked: list[FetchRequest] = []
        self.is_broken = False

    def check(self, request: FetchRequest) -> Checked:
        told = self.validators
        return Checked(filename="told.csv", media_type="text/csv", size=None, validators=told, resumable=False)

    def fetch(self, request: FetchRequest) -> Fetched:
        if self.is_broken:
            raise ZeroDivisionError("a defect of the connector")
        self.asked.append(request)
        content = "\n".join([HEADER, *self.lines, ""]).encode()
        path = request.into / f"told-{len(self.asked)}"
        path.write_bytes(content)
        return Fetched(
            not_modified=False,
            path=path,
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            filename="told.csv",
            media_type="text/csv",
            validators=self.validators,
            gone=self.gone,
        )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Told]:
    connector = _Told()
    known = registry.find_connector
    monkeypatch.setattr(
        "governance.pipeline.fetch.find_connector", lambda name: connector if name == "sftp" else known(name)
    )
    yield connector


@pytest.fixture
def incremental(world: World, told: _Told) -> World:
    world.write("trignac", place(1, "44210"))
    return world.declare("donges", connector="sftp", options={})


def _run(world: World) -> Receipt:
    receipts = harvest(world.platform, list(world.platform.federation.sources()))
    return next(receipt for receipt in receipts if receipt.member_id == "donges")


def test_next_run_goes_on_from_the_watermark_and_the_bytes_it_stands_for(incremental: World, told: _Told) -> None:
    first = _run(incremental)
    told.lines.append(place(2))
    told.validators = Validators(etag="two", watermark="2026-02-01")
    assert _run(incremental).outcome == "accepted"
    request = told.asked[1]
    assert request.known_watermark == "2026-01-01"
    assert request.previous == incremental.platform.lake.landed(first.file_sha256 or "")
    assert find_cursors(incremental.platform.engine, [KEY])[KEY].watermark == "2026-02-01"


def test_held_snapshot_is_complete_so_that_the_next_run_goes_on_from_it(incremental: World, told: _Told) -> None:
    told.lines = [place(number) for number in range(1, 21)]
    _run(incremental)
    told.lines = [place(1)]
    told.validators = Validators(watermark="2026-03-01")
    held = _run(incremental)
    assert held.outcome == "held"
    _run(incremental)
    assert told.asked[2].known_watermark == "2026-03-01"
    assert told.asked[2].previous == incremental.platform.lake.landed(held.file_sha256 or "")


def test_other_columns_read_anew_but_go_on_from_the_same_rows(incremental: World, told: _Told) -> None:
    _run(incremental)
    changed = incremental.declare("donges", constants={"com_lieu": "Donges"})
    assert _run(changed).outcome == "accepted"
    assert told.asked[1].known_watermark == "2026-01-01"
    assert told.asked[1].since.sha256 is None


def test_other_options_begin_anew(incremental: World, told: _Told) -> None:
    _run(incremental)
    _run(incremental.declare("donges", options={"path": "elsewhere"}))
    assert told.asked[1].known_watermark is None
    assert told.asked[1].previous is None


def test_tag_that_moves_without_the_bytes_is_remembered(incremental: World, told: _Told) -> None:
    _run(incremental)
    told.validators = Validators(etag="moved", watermark="2026-01-01")
    assert _run(incremental).outcome == "unchanged"
    assert find_cursors(incremental.platform.engine, [KEY])[KEY].etag == "moved"


def test_rows_gone_at_the_source_are_told_and_stay(incremental: World, told: _Told) -> None:
    told.gone = 3
    receipt = _run(incremental)
    assert (receipt.rows_gone, receipt.rows_accepted) == (3, 1)


def test_defect_of_a_connector_is_its_own_receipt_and_stops_nobody(incremental: World, told: _Told) -> None:
    told.is_broken = True
    receipts = {r.member_id: r for r in harvest(incremental.platform, list(incremental.platform.federation.sources()))}
    assert receipts["trignac"].outcome == "accepted"
    assert receipts["donges"].outcome == "failed"
    assert "anomalie du logiciel" in receipts["donges"].message_fr
    assert "ZeroDivision" not in receipts["donges"].model_dump_json()


def test_secret_reaches_the_connector_and_nothing_else(
    incremental: World, told: _Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = incremental.declare("donges", secret="env:SOURCE_SECRET_DONGES")
    assert _run(world).report_status == "secret_missing"
    monkeypatch.setenv("SOURCE_SECRET_DONGES", "très-secret")
    receipt = _run(world)
    assert receipt.outcome == "accepted"
    secret = told.asked[-1].secret
    assert secret is not None
    assert secret.get_secret_value() == "très-secret"
    kept = (path for path in Path(world.platform.settings.state_dir).rglob("*") if path.is_file())
    assert not [path for path in kept if "très-secret".encode() in path.read_bytes()]
