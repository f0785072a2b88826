"""The three most useful mends come first: what lets most rows in, and what keeps the whole file out before all."""

from governance.deliverables.mends import first_mends
from governance.intake.model import RowError


def _error(line: int | None, column: str | None, rule: str = "type-error", severity: str = "blocks") -> RowError:
    return RowError.model_validate(
        {"line": line, "row": None, "column": column, "value": "x", "rule": rule, "severity": severity,
         "message_fr": "", "message_en": "", "remedy_fr": "Écrivez.", "remedy_en": "Write."}
    )  # fmt: skip


def test_mend_that_lets_most_rows_in_comes_first() -> None:
    errors = [_error(line, "both") for line in range(2, 12)] + [_error(line, "also") for line in range(2, 12)]
    errors += [_error(line, "alone") for line in (20, 21)]
    found = first_mends(errors)
    assert [(mend.column, mend.lines, mend.frees) for mend in found] == [
        ("alone", 2, 2), ("both", 10, 0), ("also", 10, 0),
    ]  # fmt: skip
    assert found[0].first_line == 20


def test_fault_of_the_whole_file_comes_before_all() -> None:
    errors = [*(_error(line, "a") for line in range(2, 50)), _error(None, "b", "missing-column")]
    assert first_mends(errors)[0].rule == "missing-column"


def test_three_at_most_and_nothing_that_does_not_block() -> None:
    errors = [_error(2, name) for name in "abcde"]
    assert len(first_mends(errors)) == 3
    assert first_mends([_error(2, "a", "mojibake", "improves")]) == ()
