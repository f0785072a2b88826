"""Small contracts and files for the tests of the intake."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from governance.contracts.model import Contract
from governance.contracts.table_schema import from_table_schema
from governance.intake.examine import examine
from governance.intake.model import Examined, ReceivedFile, RowError

SHARED = Path(__file__).resolve().parents[3] / "shared"
PEOPLE_FREE = {"fields": [{"name": "id", "constraints": {"required": True}}, {"name": "ville"}, {"name": "montant"}]}


def contract_of(*fields: Mapping[str, Any], **more: Any) -> Contract:
    """Return a contract of these Table Schema fields."""
    return from_table_schema({"name": "example", "version": "1", "fields": [dict(field) for field in fields], **more})


def received(folder: Path, content: bytes, key: str = "file.csv", **declared: Any) -> ReceivedFile:
    """Write bytes and return the received file."""
    path = folder / key
    path.write_bytes(content)
    return ReceivedFile(key, path, key, hashlib.sha256(content).hexdigest(), **declared)


def examined(folder: Path, content: str | bytes, contract: Contract, **declared: Any) -> Examined:
    """Examine one file of that content."""
    raw = content.encode() if isinstance(content, str) else content
    return examine([received(folder, raw, **declared)], contract)[0]


def blocking(answer: Examined) -> list[tuple[int | None, str | None, str]]:
    """Return line, column and rule of what blocks."""
    return [(e.line, e.column, e.rule) for e in answer.report.errors if e.severity == "blocks"]


def first(answer: Examined, rule: str) -> RowError:
    """Return the first error of a rule."""
    return next(error for error in answer.report.errors if error.rule == rule)


def verdict(folder: Path, field: Mapping[str, Any], value: str) -> str | None:
    """Return the rule that one value of one field breaks, or nothing."""
    contract = contract_of({"name": "k"}, {"name": "v", **field})
    quoted = '"' + value.replace('"', '""') + '"'
    rules = [rule for _, column, rule in blocking(examined(folder, f"k;v\n1;{quoted}\n", contract)) if column == "v"]
    return rules[0] if rules else None
