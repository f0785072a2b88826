"""How each town hall writes its files and keeps its site: the typed reading of ``habits.yaml``.

A source's habit is the town's, with what that source does differently on top.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from infra.town_halls.behaviour import Behaviour
from infra.town_halls.towns import TOWNS, Town

HABITS = Path(__file__).with_name("habits.yaml")


class Habit(BaseModel):
    """How one file is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(description="name on the site; .xlsx makes a workbook")
    rows: int = Field(gt=0)
    encoding: str = "utf-8"
    delimiter: Literal[";", ",", "\t", "|"] = ","
    newline: Literal["\n", "\r\n", "\r"] = "\r\n"
    date: str = "%Y-%m-%d"
    datetime: str = "%Y-%m-%dT%H:%M:%SZ"
    decimal: Literal[",", "."] = "."
    thousands: str = ""
    true: str | None = Field(None, description="None: as the contract writes it")
    false: str | None = None
    case: Literal["contract", "lower", "upper"] = Field("contract", description="of headers that are not renamed")
    headers: dict[str, str] = Field(default_factory=dict, description="contract column: header on the site")
    without: tuple[str, ...] = Field((), description="contract columns that the file lacks")
    extra: dict[str, str] = Field(default_factory=dict, description="columns no contract knows: their value")
    titles: tuple[str, ...] = Field((), description="lines above the header")
    wrong: float = Field(0.02, ge=0, le=0.1, description="share of rows that are spoiled")
    repeats: int = Field(0, ge=0, description="rows that come twice")
    blanks: int = Field(0, ge=0, description="rows without anything, such as spreadsheets leave at the end")
    by_hand: bool = Field(False, description="on no site: a clerk keeps it, and hands it in")
    second: Literal["same", "grows", "shrinks"] = Field("same", description="what the second generation does")


@dataclass(frozen=True)
class ExampleFile:
    """One file to write: whose, which dataset, and how."""

    town: Town
    dataset: str
    habit: Habit

    @property
    def path(self) -> str:
        """Path on the site, under its root."""
        return f"{self.town.id}/{self.habit.file}"


def _read(path: Path) -> dict[str, dict[str, Any]]:
    towns: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return towns


def load_files(path: Path = HABITS) -> Iterator[ExampleFile]:
    """Every file of every site, towns in the order of the YAML.

    Raises:
        pydantic.ValidationError: a habit is misspelt.
    """
    for town_id, habits in _read(path).items():
        for dataset, own in habits["sources"].items():
            yield ExampleFile(TOWNS[town_id], dataset, Habit.model_validate({**habits.get("style", {}), **own}))


def load_behaviours(path: Path = HABITS) -> dict[str, Behaviour]:
    """How each site answers, keyed by the prefix of its paths; what is on no site is not found."""
    sites = {f"{town}/": Behaviour.model_validate(habits["site"]) for town, habits in _read(path).items()}
    return sites | {file.path: Behaviour(status=404) for file in load_files(path) if file.habit.by_hand}
