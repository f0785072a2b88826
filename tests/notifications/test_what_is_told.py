"""A notice quotes a cell of an open dataset that everybody may preview, and of no other, whatever the policy says."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from governance.contracts.model import Classification
from governance.decisions.model import Decision, DecisionRequest, Mask
from governance.notifications.letter import write_letter
from governance.notifications.news import News, news_of
from governance.notifications.webhook import event_of
from governance.state.outbox import list_notices
from tests.notifications.conftest import subscribe
from tests.pipeline.conftest import World, place

TO = {"email": "donnees@donges.example", "when": "always"}
CELL, CORRECTED = "15/01/2026", "2026-01-15"


@dataclass(frozen=True)
class ShowsEverything:
    """A policy that is wrong: it lets everybody see every column."""

    columns: tuple[str, ...]

    def is_ready(self) -> bool:
        return True

    def decide(self, request: DecisionRequest) -> Decision:
        masks = {column: Mask(mask="show") for column in self.columns}
        until = datetime.now(UTC) + timedelta(hours=1)
        return Decision(allow=True, row_filter={}, column_masks=masks, reasons=(), valid_until=until)


def _told(world: World, classification: Classification, *lines: str) -> tuple[World, News]:
    contract = world.platform.contracts["lieux_covoiturage"].model_copy(update={"classification": classification})
    told: Any = subscribe(world, TO)
    policy = ShowsEverything(tuple(column.name for column in contract.columns))
    contracts = {**told.platform.contracts, contract.id: contract}
    told = replace(told, platform=replace(told.platform, contracts=contracts, pdp=policy))
    told.write("donges", *lines)
    told.harvest()
    (notice,) = list_notices(told.platform.engine, "donges")
    (subscription,) = told.platform.federation.organisations["donges"].subscriptions
    news = news_of(told.platform, notice, subscription)
    assert news is not None
    return told, news


def _texts(world: World, news: News) -> str:
    platform = world.platform
    (subscription,) = platform.federation.organisations["donges"].subscriptions
    letter = write_letter(platform.settings, platform.federation.head, subscription, news)
    parts = [letter.get_body((kind,)) for kind in ("plain", "html")]
    written = "".join(part.get_content() for part in parts if part is not None)
    return f"{letter['Subject']}{written}{event_of(news, 'https://archipel.example')}"


def test_correction_of_an_open_dataset_is_told(world: World) -> None:
    told, news = _told(world, "open", place(1), place(2).replace("2026-01-15", CELL))
    assert f"Écrivez « {CORRECTED} »" in _texts(told, news)


@pytest.mark.parametrize("classification", ["restricted", "personal"])
def test_no_cell_of_another_dataset_is_told(world: World, classification: Classification) -> None:
    told, news = _told(world, classification, place(1), place(2).replace("2026-01-15", CELL))
    text = _texts(told, news)
    assert CELL not in text and CORRECTED not in text
    assert "date_maj" in text and "ligne 3" in text


@pytest.mark.parametrize("classification", ["restricted", "personal"])
def test_file_without_one_good_row_is_told_in_general_words(world: World, classification: Classification) -> None:
    told, news = _told(world, classification, place(2).replace("2026-01-15", "jadis"))
    assert news.runs[0].outcome == "rejected"
    text = _texts(told, news)
    assert "jadis" not in text and "Fichier inutilisable." in text
