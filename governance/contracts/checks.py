"""The custom checks of the national registry: which exist, and which parameters name columns.

Kept apart from their evaluation (``governance.intake.checks``) because a contract must be refused when it
is read, not when a town hall's file arrives, if it names a rule that nobody would apply.
"""

from collections.abc import Mapping
from typing import Any

from governance.contracts.model import Check, ContractError, Severity

SINGLE = ("column",)
COLUMN_PARAMETERS: dict[str, tuple[str, ...]] = {
    "french-siret-value": SINGLE,
    "french-siren-value": SINGLE,
    "rna-value": SINGLE,
    "nomenclature-actes-value": SINGLE,
    "opening-hours-value": SINGLE,
    "phone-number-value": SINGLE,
    "year-interval-value": SINGLE,
    "cohesive-columns-value": ("column", "othercolumns"),
    "compare-columns-value": ("column", "column2"),
    "one-of-required": ("column1", "column2"),
    "sum-columns-value": ("column", "columns"),
    "insee-code-value": SINGLE,
    "commune-coordinates-value": ("longitude", "latitude", "commune"),
}
"""Check name → parameters whose value is a column or a list of columns."""

OPTIONAL_PARAMETERS: dict[str, tuple[str, ...]] = {"insee-code-value": ("date",)}
"""Check name → parameters that may be left out, and otherwise name a column."""

SUCCESSORS = {
    "siret": "french-siret-value",
    "siren": "french-siren-value",
    "nomenclature-actes": "nomenclature-actes-value",
    "opening-hours": "opening-hours-value",
    "phone-number": "phone-number-value",
    "year-interval": "year-interval-value",
    "cohesive-columns": "cohesive-columns-value",
    "compare-columns": "compare-columns-value",
    "sum-columns": "sum-columns-value",
}
"""Names that newer schemas may use for the same rules."""

OPERATORS = (">", ">=", "<", "<=", "==", "!=")


def canonical_name(name: str) -> str:
    """Return the name under which a check is evaluated and reported."""
    return SUCCESSORS.get(name, name)


def build_check(name: str, parameters: Mapping[str, Any], known: set[str], severity: Severity | None = None) -> Check:
    """Make a check whose columns exist.

    Raises:
        ContractError: the check is unknown, a parameter is missing, or it names a column that is not there.
    """
    shape = COLUMN_PARAMETERS.get(canonical_name(name))
    if shape is None:
        raise ContractError(f"custom check {name!r} is unknown; known checks: {', '.join(sorted(COLUMN_PARAMETERS))}")
    columns: list[str] = []
    optional = (item for item in OPTIONAL_PARAMETERS.get(canonical_name(name), ()) if item in parameters)
    for parameter in (*shape, *optional):
        value = parameters.get(parameter)
        named = [value] if isinstance(value, str) else value
        if not isinstance(named, list | tuple) or not named or not all(isinstance(item, str) for item in named):
            raise ContractError(f"custom check {name!r} needs {parameter!r}, a column or a list of columns")
        columns += named
    missing = [column for column in columns if column not in known]
    if missing:
        raise ContractError(f"custom check {name!r} names columns that the schema has not: {', '.join(missing)}")
    if canonical_name(name) == "compare-columns-value" and parameters.get("op") not in OPERATORS:
        raise ContractError(f"custom check {name!r} needs 'op' among {' '.join(OPERATORS)}")
    margin = parameters.get("margin_km", 1)
    if not isinstance(margin, int | float) or margin < 0:
        raise ContractError(f"custom check {name!r}: 'margin_km' is a number of kilometres")
    if "year" in parameters and not isinstance(parameters["year"], int):
        raise ContractError(f"custom check {name!r}: 'year' is a number, such as 2024")
    given: dict[str, Any] = {"name": name, "columns": tuple(columns), "parameters": dict(parameters)}
    return Check(**given) if severity is None else Check(**given, severity=severity)
