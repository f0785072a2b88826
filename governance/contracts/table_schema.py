"""Table Schema v1 (specs.frictionlessdata.io/table-schema) to and from a contract, without loss.

What a contract does not model is kept as written in ``extra``; what Table Schema cannot say (classification,
steward, English titles) travels under one key of ours, ``archipel``.
"""

import json
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError

from governance.contracts.checks import build_check
from governance.contracts.keys import FOREIGN, UNIQUE, read_foreign_keys, read_unique_keys
from governance.contracts.model import Check, Column, ColumnType, Constraints, Contract, ContractError

OURS = "archipel"
CONSTRAINT_KEYS = {
    "required": "required", "unique": "unique", "pattern": "pattern", "enum": "enum", "minimum": "minimum",
    "maximum": "maximum", "minLength": "min_length", "maxLength": "max_length",
}  # fmt: skip
COLUMN_KEYS = {
    "name": "name", "type": "type", "format": "format", "title": "title", "description": "description",
    "example": "example", "trueValues": "true_values", "falseValues": "false_values", "decimalChar": "decimal_char",
    "groupChar": "group_char", "bareNumber": "bare_number", "missingValues": "missing_values", "arrayItem": "items",
}  # fmt: skip
CONTRACT_KEYS = {
    "name": "id", "version": "version", "title": "title", "description": "description", "keywords": "keywords",
    "missingValues": "missing_values",
}  # fmt: skip
OUR_COLUMN_FIELDS = ("tags", "physical_type", "title_en", "description_en")
OUR_CONTRACT_FIELDS = (
    "title_en", "description_en", "row_is", "classification", "licence", "steward", "theme", "hvd_category",
    "applicable_legislation", "frequency", "conforms_to",
)  # fmt: skip


def _written(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _ours(model: Column | Contract, fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: _written(getattr(model, name)) for name in fields if name in model.model_fields_set}


def _constraints_to(constraints: Constraints) -> dict[str, Any]:
    given = constraints.model_fields_set
    said = {key: name for key, name in CONSTRAINT_KEYS.items() if name in given}
    return {key: _written(value) for key, name in said.items() if (value := getattr(constraints, name)) is not None}


def _column_to(column: Column) -> dict[str, Any]:
    given = column.model_fields_set
    field = {key: _written(getattr(column, name)) for key, name in COLUMN_KEYS.items() if name in given}
    if "constraints" in given:
        field["constraints"] = _constraints_to(column.constraints)
    ours = _ours(column, OUR_COLUMN_FIELDS)
    return field | ({OURS: ours} if ours else {}) | dict(column.extra)


def _check_to(check: Check) -> dict[str, Any]:
    severity = {"severity": check.severity} if "severity" in check.model_fields_set else {}
    return {"name": check.name, "params": dict(check.parameters), **severity}


def to_table_schema(contract: Contract) -> dict[str, Any]:
    """Return the Table Schema descriptor of a contract, ready for JSON."""
    given = contract.model_fields_set
    schema = {key: _written(getattr(contract, name)) for key, name in CONTRACT_KEYS.items() if name in given}
    schema["fields"] = [_column_to(column) for column in contract.columns]
    if "primary_key" in given:
        schema["primaryKey"] = list(contract.primary_key)
    if "checks" in given:
        schema["custom_checks"] = [_check_to(check) for check in contract.checks]
    ours = _ours(contract, OUR_CONTRACT_FIELDS)
    merged = schema | ({OURS: ours} if ours else {}) | dict(contract.extra)
    absent = {key for key in CONTRACT_KEYS if key in contract.extra and contract.extra[key] is None}
    return {key: value for key, value in merged.items() if key not in absent}


def _left_over(original: Mapping[str, Any], canonical: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the canonical writing of a thing would lose or change; as JSON, since True == 1 in Python."""

    def text(value: Any) -> str:
        return json.dumps(value, sort_keys=True, default=str)

    return {
        key: value for key, value in original.items() if key not in canonical or text(canonical[key]) != text(value)
    }


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _constraints_from(raw: Any) -> Constraints:
    if not isinstance(raw, Mapping):
        raise ContractError("constraints must be an object")
    values = {CONSTRAINT_KEYS[key]: _plain(value) for key, value in raw.items() if key in CONSTRAINT_KEYS}
    return Constraints(**values)


def _column_from(raw: Any) -> Column:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
        raise ContractError("each field must be an object with a name")
    kind = raw.get("type", "string")
    if kind not in get_args(ColumnType):
        raise ContractError(f"field {raw['name']!r}: type {kind!r} is unknown")
    values = {
        COLUMN_KEYS[key]: _plain(value)
        for key, value in raw.items()
        if key in COLUMN_KEYS and (key != "example" or isinstance(value, str))
    }
    try:
        if "constraints" in raw:
            values["constraints"] = _constraints_from(raw["constraints"])
        column = Column(**values, **dict(raw.get(OURS, {})))
    except (ValidationError, ContractError) as error:
        raise ContractError(f"field {raw['name']!r}: {_first(error)}") from error
    extra = _left_over(raw, _column_to(column))
    return Column(**values, **dict(raw.get(OURS, {})), extra=extra) if extra else column


def _first(error: ValidationError | ContractError) -> str:
    if isinstance(error, ContractError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _primary_key_from(raw: Any, known: set[str]) -> tuple[str, ...]:
    names = (raw,) if isinstance(raw, str) else tuple(raw) if isinstance(raw, list) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise ContractError("primaryKey must be a column or a list of columns")
    missing = [name for name in names if name not in known]
    if missing:
        raise ContractError(f"primaryKey names columns that the schema has not: {', '.join(missing)}")
    return names


def _checks_from(raw: Any, known: set[str]) -> tuple[Check, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, Mapping) and "name" in item for item in raw):
        raise ContractError("custom_checks must be a list of objects with a name")
    return tuple(build_check(item["name"], item.get("params", {}), known, item.get("severity")) for item in raw)


def from_table_schema(schema: Mapping[str, Any]) -> Contract:
    """Return the contract that a Table Schema descriptor says.

    Raises:
        ContractError: the descriptor is not a Table Schema, or names an unknown type, check or column.
    """
    fields = schema.get("fields") if isinstance(schema, Mapping) else None
    if not isinstance(fields, list) or not fields:
        raise ContractError("not a Table Schema: 'fields' must be a list with at least one field")
    columns = tuple(_column_from(field) for field in fields)
    known = {column.name for column in columns}
    if len(known) != len(columns):
        raise ContractError("two fields have the same name")
    absent = {"id": "schema", "version": "0", "title": ""}
    values = absent | {CONTRACT_KEYS[key]: _plain(value) for key, value in schema.items() if key in CONTRACT_KEYS}
    values |= dict(schema.get(OURS, {}))
    if schema.get("primaryKey"):
        values["primary_key"] = _primary_key_from(schema["primaryKey"], known)
    if FOREIGN in schema:
        read_foreign_keys(schema[FOREIGN], known)
    if UNIQUE in schema:
        read_unique_keys(schema[UNIQUE], known)
    if "custom_checks" in schema:
        values["checks"] = _checks_from(schema["custom_checks"], known)
    try:
        contract = Contract(**values, columns=columns)
    except ValidationError as error:
        raise ContractError(_first(error)) from error
    extra = _left_over({key: value for key, value in schema.items() if key != "fields"}, to_table_schema(contract))
    extra |= {key: None for key, name in CONTRACT_KEYS.items() if name in absent and key not in schema}
    return Contract(**values, columns=columns, extra=extra) if extra else contract
