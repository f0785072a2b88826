"""What pages draw is what their tables say."""

from governance.api.feeds import Words
from governance.console.coverage import BAR, coverage_of
from governance.console.source_state import OrganisationState, SourceState
from governance.console.trend import draw_trend


def _source(dataset: str, outcome: str | None = "accepted", taken: int = 0, wrong: int = 0) -> SourceState:
    has_rows = outcome in ("accepted", "held", "unchanged")
    return SourceState.model_validate(
        {
            "source_id": f"{dataset}-{outcome}",
            "dataset": dataset,
            "dataset_title": Words(fr=dataset, en=dataset),
            "outcome": outcome,
            "run_id": f"run-{dataset}" if outcome else None,
            "rows_in": taken + wrong if has_rows else None,
            "rows_accepted": taken if has_rows else None,
            "rows_quarantined": wrong if has_rows else None,
        }
    )


def _who(name: str, *sources: SourceState) -> OrganisationState:
    return OrganisationState.model_validate(
        {
            "id": name, "name": name, "kind": "commune", "siren": "1", "insee_code": None, "population": 1,
            "example": True, "sources": sources, "open_rows": 0, "latest_at": None,
        }
    )  # fmt: skip


def test_grid_has_a_cell_for_what_is_declared_and_none_for_what_is_not() -> None:
    grid = coverage_of([_who("a", _source("x", taken=5), _source("y", None)), _who("b", _source("x")), _who("c")])
    assert [dataset for dataset, _ in grid.datasets] == ["x", "y"]
    assert [row.id for row in grid.rows] == ["a", "b"]
    assert [[cell and cell.urgency for cell in row.cells] for row in grid.rows] == [[3, 4], [3, None]]


def test_cell_of_several_sources_shows_the_one_that_needs_a_hand_and_the_rows_of_all() -> None:
    grid = coverage_of([_who("a", _source("x", taken=999, wrong=1), _source("x", "failed"))])
    (cell,) = grid.rows[0].cells
    assert cell is not None
    assert (cell.urgency, cell.accepted, cell.quarantined) == (0, 999, 1)


def test_bar_is_never_full_while_a_row_is_to_be_mended() -> None:
    (cell,) = coverage_of([_who("a", _source("x", taken=999_999, wrong=1))]).rows[0].cells
    (full,) = coverage_of([_who("a", _source("x", taken=1))]).rows[0].cells
    assert cell is not None and full is not None
    assert cell.taken <= BAR - 3 and full.taken == BAR


def test_trend_goes_from_the_oldest_to_the_newest_and_marks_what_was_not_read() -> None:
    drawn = draw_trend([_source("new", taken=100, wrong=1), _source("mid", "failed"), _source("old", taken=50)])
    assert drawn is not None
    assert [bar.run_id for bar in drawn.bars] == ["run-old", "run-mid", "run-new"]
    assert [bar.is_unread for bar in drawn.bars] == [False, True, False]
    old, _, new = drawn.bars
    assert old.taken < new.taken and new.to_mend >= 3 and old.to_mend == 0
    assert all(bar.taken + bar.to_mend <= drawn.height for bar in drawn.bars)
    assert draw_trend([_source("x", taken=1)]) is None
