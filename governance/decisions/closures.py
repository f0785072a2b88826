"""What the federation or a member keeps back, as declared in ``federation/rules/<id>.yaml``.

A closure can only take away: there is no way to write one that shows more.
"""

from datetime import date
from pathlib import Path
from typing import Literal

from governance.decisions.model import Channel, Frozen
from governance.declaration import Identifier
from governance.federation import load_named

Ground = Literal[
    "crpa_l311_5", "crpa_l311_6", "environnement_l124_4", "environnement_l124_5",
    "inspire_13_1_a", "inspire_13_1_b", "inspire_13_1_c", "inspire_13_1_d",
    "inspire_13_1_e", "inspire_13_1_f", "inspire_13_1_g", "inspire_13_1_h",
    "contains_errors", "under_review",
]  # fmt: skip


class Closure(Frozen):
    """One rule of a member about its rows, or of the EPCI about every row of a dataset."""

    id: Identifier
    by: Identifier
    """Id of the member, or partner who provides, or of the EPCI."""
    dataset: Identifier
    columns: tuple[str, ...] = ()
    """Columns kept back; by default whole rows."""
    channels: tuple[Channel, ...] = ()
    """Doors at which it holds; by default every door."""
    ground: Ground
    """Why, as a code: an article of law, or a state of the data."""
    since: date
    note_fr: str = ""
    note_en: str = ""
    example: bool = False


def load_closures(root: Path) -> dict[str, Closure]:
    """Read ``rules/*.yaml`` under a federation's folder, keyed by id.

    Raises:
        DeclarationError: with the file, the field and the reason.
    """
    return {path.stem: load_named(Closure, path) for path in sorted((root / "rules").glob("*.yaml"))}
