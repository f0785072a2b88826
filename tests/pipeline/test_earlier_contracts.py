"""Two major versions of a contract side by side: each file by the one it follows, one dataset served, until a date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from governance.commands.main import app
from governance.contracts.earlier import load_earlier
from governance.contracts.model import ContractError
from governance.contracts.odcs import dump_contract, load_contract, load_contracts
from governance.pipeline.harmonise import harmonise
from governance.pipeline.replay import replay
from governance.pipeline.run_reports import read_run_report
from governance.platform import open_platform
from governance.shared_layer import read_current, table_path
from governance.state.receipts import Receipt
from tests.pipeline.conftest import HEADER, World, place

TODAY = datetime.now(UTC).date()
OLD_HEADER = HEADER.replace("id_local", "code")
"""Version 0 of the contract called the key otherwise and had other words for the kinds of places."""


def write_earlier(root: Path, until: str, **upgrade: object) -> Path:
    """Write version 0 of the contract on car-sharing places beside the current one, now 1.0.0; synthetic."""
    current = root / "contracts" / "lieux_covoiturage.yaml"
    document = yaml.safe_load(current.read_text(encoding="utf-8"))
    current.write_text(yaml.safe_dump(document | {"version": "1.0.0"}, allow_unicode=True), encoding="utf-8")
    document["version"] = "0.3.1"
    properties = document["schema"][0]["properties"]
    of_name = {item["name"]: item for item in properties}
    of_name["id_local"]["name"] = "code"
    of_name["type"]["quality"][0]["arguments"]["validValues"] = ["parc", "Parking"]
    said = {"id_local": {"from": "code"}, "type": {"from": "type"}} | upgrade
    document["customProperties"] += [{"property": "supportedUntil", "value": until},
                                     {"property": "upgrade", "value": said}]  # fmt: skip
    path = root / "contracts" / "earlier" / "lieux_covoiturage-0.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture
def following(world: World) -> World:
    """Donges follows version 0, Trignac the current one."""
    codes = {"from": "type", "codes": {"parc": "Parking"}}
    write_earlier(world.platform.settings.federation_dir, str(TODAY), type=codes)
    declared = world.declare("donges", contract_major=0)
    return replace(declared, platform=open_platform(declared.platform.settings))


def old_file(world: World, *lines: str) -> None:
    (world.folders["donges"] / "lieux.csv").write_text("\n".join([OLD_HEADER, *lines]) + "\n", encoding="utf-8")


def old_place(number: int, kind: str = "parc") -> str:
    return place(number).replace("Parking", kind)


def rules(world: World, receipt: Receipt) -> list[str]:
    kept = read_run_report(world.platform.lake, receipt)
    assert kept is not None
    return [error.rule for error in kept.report.errors]


def served(world: World) -> pl.DataFrame:
    shared = read_current(world.platform.lake)
    assert shared is not None
    rows = pl.read_parquet(table_path(world.platform.lake, shared.tables["lieux_covoiturage"]))
    return rows.sort("member_id", "line_number")


def test_both_versions_become_one_dataset(following: World) -> None:
    old_file(following, old_place(1), old_place(2, "Parking"))
    following.write("trignac", place(3, "44210"))
    receipts = following.harvest()
    assert [receipts[name].contract_version for name in ("donges", "trignac")] == ["0.3.1", "1.0.0"]
    assert rules(following, receipts["donges"]).count("contract-ends") == 1
    assert harmonise(following.platform).failures == ()
    rows = served(following)
    assert rows["id_local"].to_list() == ["44052-C-001", "44052-C-002", "44210-C-003"]
    assert rows["type"].to_list() == ["Parking"] * 3
    assert rows["contract_version"].to_list() == ["0.3.1", "0.3.1", "1.0.0"]


def test_row_that_the_current_version_refuses_is_quarantined_with_the_reason(following: World) -> None:
    root = following.platform.settings.federation_dir
    write_earlier(root, str(TODAY), type={"from": "type", "codes": {"parc": "Terrain vague"}})
    changed = replace(following, platform=open_platform(following.platform.settings))
    old_file(changed, old_place(1), old_place(2, "Parking"), old_place(3) + ",trop")
    receipt = changed.harvest()["donges"]
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined) == (3, 1, 2)
    kept = read_run_report(changed.platform.lake, receipt)
    assert kept is not None
    assert kept.quarantined["rules"].to_list() == [["not-upgradable"], ["extra-cell"]]
    error = next(error for error in kept.report.errors if error.rule == "not-upgradable")
    assert (error.line, error.column, error.value) == (2, "type", "Terrain vague")
    assert harmonise(changed.platform).failures == ()
    assert served(changed)["id_local"].to_list() == ["44052-C-002"]


def test_earlier_version_is_refused_after_its_last_day_and_the_rows_stay(following: World) -> None:
    old_file(following, old_place(1))
    following.harvest()
    write_earlier(following.platform.settings.federation_dir, str(TODAY - timedelta(days=1)))
    late = replace(following, platform=open_platform(following.platform.settings))
    old_file(late, old_place(1), old_place(2))
    receipt = late.harvest()["donges"]
    assert (receipt.outcome, "0.3.1" in receipt.message_fr, "1.0.0" in receipt.remedy_fr) == ("failed", True, True)
    harmonise(late.platform)
    assert served(late)["id_local"].to_list() == ["44052-C-001"]


def test_file_is_looked_at_anew_when_what_becomes_of_its_rows_changes(following: World) -> None:
    old_file(following, old_place(1))
    assert following.harvest()["donges"].outcome == "accepted"
    assert following.harvest()["donges"].outcome == "unchanged"
    write_earlier(following.platform.settings.federation_dir, str(TODAY), type={"constant": "Parking"})
    again = replace(following, platform=open_platform(following.platform.settings))
    assert again.harvest()["donges"].outcome == "accepted"


def test_published_state_is_made_again_from_both(following: World) -> None:
    old_file(following, old_place(1))
    following.write("trignac", place(3, "44210"))
    following.harvest()
    harmonise(following.platform)
    assert replay(following.platform, "lieux_covoiturage", datetime.now(UTC)).is_same


def test_version_that_is_not_there_is_told(world: World) -> None:
    declared = world.declare("donges", contract_major=7)
    declared.write("donges", place(1))
    assert "version 7" in declared.harvest()["donges"].message_fr


@pytest.mark.parametrize(
    ("until", "upgrade", "words"),
    [
        ("", {}, "supportedUntil"),
        ("2099-01-01", {"absent": {"constant": "x"}}, "'absent' is no column of lieux_covoiturage 1.0.0"),
        ("2099-01-01", {"type": {"from": "absent"}}, "'absent' is no column of lieux_covoiturage 0.3.1"),
        ("2099-01-01", {"type": {"from": "type", "constant": "x"}}, "either a column"),
        ("2099-01-01", {"type": {"from": "type", "code": {}}}, "upgrade"),
    ],
)
def test_earlier_contract_that_cannot_work_is_refused_when_it_is_read(
    world: World, until: str, upgrade: dict[str, object], words: str
) -> None:
    root = world.platform.settings.federation_dir
    path = write_earlier(root, until or "2099-01-01", **upgrade)
    if not until:
        path.write_text(path.read_text(encoding="utf-8").replace("supportedUntil", "frequency"), encoding="utf-8")
    with pytest.raises(ContractError, match=words):
        load_earlier(root / "contracts", load_contracts(root / "contracts"))


def test_what_is_required_must_come_from_somewhere(world: World) -> None:
    root = world.platform.settings.federation_dir
    path = write_earlier(root, "2099-01-01")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    said = next(item for item in document["customProperties"] if item["property"] == "upgrade")
    del said["value"]["id_local"]
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ContractError, match="id_local"):
        load_earlier(root / "contracts", load_contracts(root / "contracts"))


def test_difference_of_the_two_is_told_as_of_any_two(world: World) -> None:
    root = world.platform.settings.federation_dir
    path = write_earlier(root, "2099-01-01")
    new = root / "contracts" / "lieux_covoiturage.yaml"
    told = CliRunner().invoke(app, ["contract", "diff", str(path), str(new)])
    assert "id_local" in told.output and "major" in told.output


def test_command_reads_a_file_by_the_version_that_its_source_follows(following: World) -> None:
    old_file(following, old_place(1))
    root = following.platform.settings.federation_dir
    arguments = ["check", str(following.folders["donges"] / "lieux.csv"), "--source", "donges/lieux_covoiturage"]
    told = CliRunner().invoke(app, [*arguments, "--federation", str(root), "--json"])
    assert (told.exit_code, '"0.3.1"' in told.output) == (0, True)


def test_earlier_contract_is_written_as_it_was_read(world: World) -> None:
    path = write_earlier(world.platform.settings.federation_dir, "2099-01-01")
    contract = load_contract(path)
    path.write_text(dump_contract(contract), encoding="utf-8")
    assert (contract.supported_until, contract.upgrade["id_local"].source) == (date(2099, 1, 1), "code")
    assert load_contract(path) == contract
