"""Where communes lie: one circle each, from ``federation/places.csv``, for contracts that check coordinates.

A circle that holds the whole commune is enough to find a point in the wrong town, two axes that were exchanged or a
missing digit, and it is one line a commune. What a contract is checked with becomes part of it, so that a run keeps it.
"""

import csv
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from governance.contracts.model import Contract, ContractError, Place

FILE = "places.csv"
CHECK = "commune-coordinates-value"


class _Line(BaseModel):
    """One line: whose place it is, by its INSEE code, its SIREN or both, and the circle."""

    model_config = ConfigDict(extra="forbid")

    insee_code: Annotated[str, Field(pattern=r"^([0-9]{5}|2[AB][0-9]{3}|)$")]
    siren: Annotated[str, Field(pattern=r"^([0-9]{9}|)$")]
    longitude: float
    latitude: float
    radius_km: float

    def place(self) -> Place:
        return Place(longitude=self.longitude, latitude=self.latitude, radius_km=self.radius_km)


def read_places(path: Path) -> dict[str, Place]:
    """Return the circles, each by INSEE code and by SIREN; none where there is no such file.

    Raises:
        ContractError: with the file, the line and the reason.
    """
    places: dict[str, Place] = {}
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            rows = csv.DictReader(opened)
            for row in rows:
                line = _Line.model_validate(row)
                keys = [key for key in (line.insee_code, line.siren) if key]
                if not keys or places.keys() & keys:
                    raise ContractError(f"{path}: line {rows.line_num}: an INSEE code or SIREN, and each only once")
                places |= dict.fromkeys(keys, line.place())
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{path}: line {rows.line_num}: {where}: {first['msg']}") from error
    return places


def with_places(contract: Contract, federation: Path) -> Contract:
    """Return a contract with the circles that its check needs.

    Raises:
        ContractError: the file of circles cannot be used.
    """
    if all(check.name != CHECK for check in contract.checks):
        return contract
    return contract.model_copy(update={"places": read_places(federation / FILE)})
