"""Contracts as files: Open Data Contract Standard 3.1 (bitol.io) to and from our model, without loss.

ODCS has its own place for most things; what only Table Schema knows (``groupChar``, ``trueValues``, custom
checks) goes where ODCS wants such things: ``customProperties`` and custom ``quality`` rules.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import CustomProperty, OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import ValidationError

from governance.contracts.checks import build_check
from governance.contracts.model import Check, Column, Constraints, Contract, ContractError, Upgrade
from governance.contracts.places import with_places
from governance.declared_place import Place, Wrong, place_of_check
from governance.yaml_text import parse_yaml

API_VERSION = "v3.1.0"
ENGINE = "table-schema-custom-checks"
FIRST = (
    "apiVersion", "kind", "property", "value", "type", "engine", "metric", "id", "name", "version", "status",
    "businessName", "description", "tags", "logicalType", "physicalType", "required", "unique", "primaryKey",
    "primaryKeyPosition", "logicalTypeOptions", "examples", "dataGranularityDescription",
)  # fmt: skip
LOGICAL_TYPES = {
    "string": "string", "number": "number", "integer": "integer", "boolean": "boolean", "date": "date",
    "datetime": "timestamp", "time": "time", "array": "array", "object": "object", "geojson": "object",
    "year": "integer", "yearmonth": "string", "duration": "string", "geopoint": "string", "any": "string",
}  # fmt: skip
OPTIONS = {
    "string": {"pattern": "pattern", "minLength": "min_length", "maxLength": "max_length"},
    "number": {"minimum": "minimum", "maximum": "maximum"},
    "integer": {"minimum": "minimum", "maximum": "maximum"},
    "date": {"minimum": "minimum", "maximum": "maximum"},
}  # what logicalTypeOptions may hold for each logical type
CONSTRAINTS = {
    "pattern": "pattern", "minLength": "min_length", "maxLength": "max_length", "minimum": "minimum",
    "maximum": "maximum",
}  # fmt: skip
COLUMN_PROPERTIES = {
    "tableSchemaType": "type", "format": "format", "trueValues": "true_values", "falseValues": "false_values",
    "decimalChar": "decimal_char", "groupChar": "group_char", "bareNumber": "bare_number",
    "missingValues": "missing_values", "arrayItem": "items", "titleEn": "title_en",
    "descriptionEn": "description_en", "tableSchemaExtra": "extra",
}  # fmt: skip
CONTRACT_PROPERTIES = {
    "titleEn": "title_en", "descriptionEn": "description_en", "classification": "classification",
    "licence": "licence", "steward": "steward", "theme": "theme", "hvdCategory": "hvd_category",
    "applicableLegislation": "applicable_legislation", "frequency": "frequency", "conformsTo": "conforms_to",
    "missingValues": "missing_values", "tableSchemaExtra": "extra", "supportedUntil": "supported_until",
    "upgrade": "upgrade",
}  # fmt: skip


def _written(value: Any) -> Any:
    if isinstance(value, Upgrade):
        return value.model_dump(by_alias=True, exclude_defaults=True)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _properties(values: Mapping[str, Any]) -> list[CustomProperty] | None:
    said = {key: value for key, value in values.items() if value is not None}
    return [CustomProperty(property=key, value=_written(value)) for key, value in said.items()] or None


def _quality_of(column: Column) -> list[dict[str, Any]] | None:
    if column.constraints.enum is None:
        return None
    allowed = {"validValues": list(column.constraints.enum)}
    return [{"type": "library", "metric": "invalidValues", "arguments": allowed, "mustBe": 0}]


def _column_to(column: Column, key: tuple[str, ...]) -> SchemaProperty:
    given, constraints = column.model_fields_set, column.constraints
    logical = LOGICAL_TYPES[column.type]
    allowed = OPTIONS.get(logical, {})
    kept = {name: field for name, field in CONSTRAINTS.items() if getattr(constraints, field) is not None}
    # ODCS wants numbers for the bounds of numbers; some national schemas write them as text, and are kept as written.
    plain = {
        name
        for name, field in kept.items()
        if name in allowed and not (logical in ("number", "integer") and isinstance(getattr(constraints, field), str))
    }
    options = {name: getattr(constraints, field) for name, field in kept.items() if name in plain}
    custom = {name: getattr(constraints, field) for name, field in kept.items() if name not in plain}
    skipped = {"type"} if logical == column.type else set()
    if logical == "string" and "format" in given:
        options["format"] = column.format
        skipped.add("format")
    custom |= {
        name: getattr(column, field)
        for name, field in COLUMN_PROPERTIES.items()
        if field in given and field not in skipped
    }
    if "constraints" in given and not constraints.model_fields_set:
        custom["constraints"] = {}
    return SchemaProperty.model_validate(
        {
            "name": column.name,
            "logicalType": logical if "type" in given else None,
            "physicalType": column.physical_type,
            "businessName": column.title if "title" in given else None,
            "description": column.description if "description" in given else None,
            "examples": [column.example] if column.example or "example" in given else None,
            "tags": list(column.tags) if "tags" in given else None,
            "required": constraints.required if "required" in constraints.model_fields_set else None,
            "unique": constraints.unique if "unique" in constraints.model_fields_set else None,
            "primaryKey": True if column.name in key else None,
            "primaryKeyPosition": key.index(column.name) + 1 if column.name in key else None,
            "logicalTypeOptions": options or None,
            "quality": _quality_of(column),
            "customProperties": _properties(custom),
        }
    )


def _check_to(check: Check) -> dict[str, Any]:
    implementation = {"name": check.name, "params": dict(check.parameters)}
    severity = {"severity": check.severity} if "severity" in check.model_fields_set else {}
    return {"type": "custom", "engine": ENGINE, "implementation": implementation, **severity}


def to_odcs(contract: Contract) -> OpenDataContractStandard:
    """Return the ODCS document of a contract: one schema object, named as the contract."""
    given = contract.model_fields_set
    table = SchemaObject.model_validate(
        {
            "name": contract.id,
            "physicalType": "table",
            "dataGranularityDescription": contract.row_is if "row_is" in given else None,
            "properties": [_column_to(column, contract.primary_key) for column in contract.columns],
            "quality": [_check_to(check) for check in contract.checks] if "checks" in given else None,
        }
    )
    custom = {name: getattr(contract, field) for name, field in CONTRACT_PROPERTIES.items() if field in given}
    return OpenDataContractStandard.model_validate(
        {
            "apiVersion": API_VERSION,
            "kind": "DataContract",
            "id": contract.id,
            "name": contract.title,
            "version": contract.version,
            "status": "active",
            "description": {"purpose": contract.description} if "description" in given else None,
            "tags": list(contract.keywords) if "keywords" in given else None,
            "schema": [table],
            "customProperties": _properties(custom),
        }
    )


def _ordered(node: Any) -> Any:
    """Put what a reader looks for first, first."""
    if isinstance(node, list):
        return [_ordered(item) for item in node]
    if not isinstance(node, dict):
        return node
    rank = {key: place for place, key in enumerate(FIRST)}
    return {key: _ordered(node[key]) for key in sorted(node, key=lambda key: rank.get(key, len(FIRST)))}


def dump_contract(contract: Contract) -> str:
    """Return a contract as ODCS YAML."""
    document = _ordered(to_odcs(contract).model_dump(exclude_none=True, by_alias=True))
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _custom(properties: list[CustomProperty] | None, known: set[str]) -> dict[str, Any]:
    values = {item.property or "": item.value for item in properties or []}
    unknown = set(values) - known
    if unknown:
        raise ContractError(f"custom properties are unknown: {', '.join(sorted(unknown))}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def _column_from(item: SchemaProperty) -> Column:
    custom = _custom(item.customProperties, {*COLUMN_PROPERTIES, *CONSTRAINTS, "constraints"})
    options = dict(item.logicalTypeOptions or {})
    unknown = set(options) - set(CONSTRAINTS) - {"format"}
    if unknown:
        raise ContractError(f"column {item.name!r}: options are unknown: {', '.join(sorted(unknown))}")
    values = {field: custom[name] for name, field in COLUMN_PROPERTIES.items() if name in custom}
    if "format" in options:
        values["format"] = options.pop("format")
    if "type" not in values and item.logicalType is not None:
        values["type"] = {"timestamp": "datetime"}.get(item.logicalType, item.logicalType)
    rules = {CONSTRAINTS[name]: value for name, value in (options | custom).items() if name in CONSTRAINTS}
    rules |= {name: value for name in ("required", "unique") if (value := getattr(item, name)) is not None}
    for rule in item.quality or []:
        if rule.metric != "invalidValues" or not rule.arguments or "validValues" not in rule.arguments:
            raise ContractError(f"column {item.name!r}: quality rule is not one that Archipel applies")
        rules["enum"] = tuple(rule.arguments["validValues"])
    if rules or "constraints" in custom:
        values["constraints"] = Constraints(**rules)
    plain = {"physical_type": item.physicalType, "title": item.businessName, "description": item.description}
    values |= {name: value for name, value in plain.items() if value is not None}
    if item.examples:
        values["example"] = item.examples[0]
    if item.tags is not None:
        values["tags"] = tuple(item.tags)
    return Column(name=item.name or "", **values)


def _checks_from(table: SchemaObject, known: set[str]) -> tuple[Check, ...]:
    checks = []
    for rule in table.quality or []:
        detail = rule.implementation
        if rule.engine != ENGINE or not isinstance(detail, Mapping) or "name" not in detail:
            raise ContractError("quality rule of the table is not one that Archipel applies")
        severity: Any = rule.severity
        checks.append(build_check(detail["name"], detail.get("params", {}), known, severity))
    return tuple(checks)


def from_odcs(document: OpenDataContractStandard) -> Contract:
    """Return the contract that an ODCS document says.

    Raises:
        ContractError: it has not exactly one table, or says something that nobody here would apply.
    """
    tables = document.schema_ or []
    if len(tables) != 1 or not tables[0].properties:
        raise ContractError("an Archipel contract describes exactly one table with its columns")
    table, items = tables[0], tables[0].properties or []
    custom = _custom(document.customProperties, set(CONTRACT_PROPERTIES))
    values = {field: custom[name] for name, field in CONTRACT_PROPERTIES.items() if name in custom}
    if document.description is not None:
        values["description"] = document.description.purpose or ""
    if document.tags is not None:
        values["keywords"] = tuple(document.tags)
    if table.dataGranularityDescription is not None:
        values["row_is"] = table.dataGranularityDescription
    keys = sorted((item for item in items if item.primaryKey), key=lambda item: item.primaryKeyPosition or 0)
    if keys:
        values["primary_key"] = tuple(item.name or "" for item in keys)
    columns = tuple(_column_from(item) for item in items)
    known = {column.name for column in columns}
    if len(known) != len(columns) or "" in known:
        raise ContractError("each column needs a name of its own")
    if table.quality is not None:
        values["checks"] = _checks_from(table, known)
    named = {"id": document.id or "", "version": document.version or "", "title": document.name or ""}
    if not named["id"] or not named["version"]:
        raise ContractError("a contract needs an id and a version")
    return Contract(**named, **values, columns=columns)


def load_contract(path: Path) -> Contract:
    """Read one ODCS file, with what the federation that it lies in knows of places.

    Raises:
        ContractError: with the file, the field and the reason.
    """
    try:
        document = OpenDataContractStandard.model_validate(parse_yaml(path.read_text(encoding="utf-8")))
        return with_places(from_odcs(document), path.parent.parent)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ContractError(f"{path}: {where}: {first['msg']}", Wrong(place_of_check(path, first), first)) from error
    except (ContractError, OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(path, line=mark.line + 1 if mark else None)
        raise ContractError(f"{path}: {error}", Wrong(place)) from error


def load_contracts(root: Path) -> dict[str, Contract]:
    """Read every ODCS file of a folder, keyed by contract id, in the order of the ids.

    Raises:
        ContractError: with the file and the reason; also when a file's name is not its contract's id.
    """
    contracts = {path.stem: load_contract(path) for path in sorted(root.glob("*.yaml"))}
    for name, contract in contracts.items():
        if contract.id != name:
            wrong = Wrong(
                Place(root / f"{name}.yaml", ("id",)), french=f"L'id « {contract.id} » n'est pas le nom du fichier."
            )
            raise ContractError(f"{root / name}.yaml: id {contract.id!r} differs from the file's name", wrong)
    return contracts
