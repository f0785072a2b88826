"""Every spoiled file has the outcome that is written beside it: each row accounted for, where it stands."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from governance.intake.examine import examine
from governance.intake.model import Examined
from tests.corpus.case import CONTRACT, Case
from tests.corpus.corpus import CASES
from tests.intake.examples import received

LEAST = 300


def parameter(case: Case) -> Any:
    return pytest.param(case, id=case.name)


def answer_to(case: Case, folder: Path) -> Examined:
    return examine([received(folder, case.make(), case.filename, **case.declared)], CONTRACT)[0]


@pytest.mark.parametrize("case", [parameter(case) for case in CASES])
def test_file_has_its_outcome(case: Case, tmp_path: Path) -> None:
    answer, outcome = answer_to(case, tmp_path), case.outcome
    report = answer.report.model_dump(mode="json")
    blocks = [(e["line"] if outcome.has_lines else None, e["rule"]) for e in report["errors"] if is_blocking(e)]
    assert Counter(blocks) == Counter(outcome.blocks)
    assert (report["status"], report["rows"]) == (outcome.status, outcome.counts)
    assert answer.accepted["line_number"].to_list() == list(outcome.good)
    assert answer.quarantined["line_number"].to_list() == list(outcome.bad)
    assert [e["line"] for e in report["errors"] if e["rule"] == "duplicate-row"] == list(outcome.twice)
    assert all(e["message_fr"] and e["remedy_fr"] and e["message_en"] and e["remedy_en"] for e in report["errors"])
    assert "Traceback" not in str(report)


def is_blocking(error: dict[str, Any]) -> bool:
    return bool(error["severity"] == "blocks")


def test_there_are_enough_files_of_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{len(CASES)} spoiled files: {dict(Counter(case.name.split('-')[0] for case in CASES))}")
    assert len({case.name for case in CASES}) == len(CASES) >= LEAST
