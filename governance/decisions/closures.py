"""What the federation or a member keeps back, as declared in ``federation/rules/<id>.yaml``.

A closure can only take away: there is no way to write one that shows more.
"""

from datetime import date
from pathlib import Path
from typing import Literal

import yaml
from pydantic import ValidationError

from governance.decisions.model import Channel, Frozen
from governance.federation import DeclarationError, Identifier
from governance.yaml_text import parse_yaml

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
    return {path.stem: _load_closure(path) for path in sorted((root / "rules").glob("*.yaml"))}


def _load_closure(path: Path) -> Closure:
    try:
        closure = Closure.model_validate(parse_yaml(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path}: not valid YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise DeclarationError(f"{path}: {where}: {first['msg']} ({error.error_count()} in all)") from error
    if closure.id != path.stem:
        raise DeclarationError(f"{path}: id: {closure.id!r} differs from the file's name")
    return closure
