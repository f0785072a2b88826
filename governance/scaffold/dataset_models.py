"""The dbt files of a new dataset, from its contract: staging, shared, and the YAML of each."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from governance.contracts.model import Column, Contract
from governance.federation import Contact

_TYPES = {
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
}
_PROVENANCE_WORDS = {
    "member_id": "Who provides the row.",
    "source_id": "Which of the provider's sources it came from.",
    "file_sha256": "SHA-256 of the file received.",
    "line_number": "Line of the row in that file.",
    "run_id": "Run that accepted it.",
    "contract_version": "Version of the contract it was checked against.",
    "overlap": "How another file, or another row of the file, gives the same row; nothing where none does.",
}


def dbt_type(column: Column) -> str:
    """Return the warehouse type of a column's accepted values."""
    return (column.physical_type or _TYPES.get(column.type, "varchar")).lower()


def model_files(
    dbt_dir: Path, contract: Contract, *, domain: str, entity: str, group: str, owner: Contact
) -> dict[Path, str]:
    """Return the four files of a dataset, path to content: staging, shared, and the YAML of each."""
    names = [column.name for column in contract.columns]
    staging = dbt_dir / "models" / "staging" / contract.id
    shared = dbt_dir / "models" / "shared" / contract.id
    stg, shr = f"stg_{contract.id}__{entity}", f"shr_{domain}__{contract.id}"
    return {
        staging / f"{stg}.sql": _select(f"{{{{ source('accepted', '{contract.id}') }}}}", "source", "renamed", names),
        staging / f"_{contract.id}__models.yml": _dump(_staging_yaml(contract, stg, entity)),
        shared / f"{shr}.sql": _select(f"{{{{ ref('{stg}') }}}}", contract.id, "final", names),
        shared / f"_{contract.id}__models.yml": _dump(_shared_yaml(contract, shr, entity, group, owner)),
    }


@cache
def _reserved() -> frozenset[str]:
    query = "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
    with duckdb.connect() as connection:
        rows = connection.execute(query).fetchall()
    return frozenset(str(name) for (name,) in rows)


def _is_plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and name.lower() not in _reserved()


def _quoted(name: str) -> str:
    """Return a column as SQL names it: towns' headers may hold spaces, accents, or a word of SQL."""
    return name if _is_plain(name) else '"' + name.replace('"', '""') + '"'


def _select(relation: str, first: str, second: str, names: Sequence[str]) -> str:
    columns = "".join(f"        {_quoted(name)},\n" for name in names)
    return (
        f"with\n\n{first} as (\n\n    select * from {relation}\n\n),\n\n{second} as (\n\n    select\n{columns}"
        f"        {{{{ provenance_columns() }}}}\n\n    from {first}\n\n)\n\nselect * from {second}\n"
    )


def _row_is(entity: str) -> str:
    return f"One row per {entity.replace('_', ' ')} of one member, as its contract says."


def _staging_yaml(contract: Contract, model: str, entity: str) -> dict[str, Any]:
    every = "read_parquet('{{ var(\"lake\") }}/accepted/{name}/*.parquet', union_by_name=true)"
    twice = "read_parquet('{{ var(\"lake\") }}/overlaps/{name}.parquet')"
    current = "read_parquet('{{ var(\"lake\") }}/accepted_now/{name}.parquet')"
    place = "twice.batch_id = parse_filename(here.filename, true) and twice.batch_row = here.file_row_number"
    location = (
        f"(select here.*, twice.overlap from {every} as here left join {twice} as twice on {place} "
        f"where here.run_id in (select run_id from {current}))"
    )
    tests: list[dict[str, Any]] = [
        {"name": "member_id", "description": _PROVENANCE_WORDS["member_id"], "data_tests": ["not_null"]},
        {"name": "line_number", "description": _PROVENANCE_WORDS["line_number"], "data_tests": ["not_null"]},
    ]
    return {
        "version": 2,
        "sources": [
            {
                "name": "accepted",
                "description": "The last good rows of each source, typed by their contract.",
                "config": {"external_location": location},
                "tables": [{"name": contract.id, "description": _row_is(entity)}],
            }
        ],
        "models": [
            {
                "name": model,
                "description": f"{contract.title_en or contract.title}. {_row_is(entity)}",
                "columns": tests,
            }
        ],
    }


def _shared_yaml(contract: Contract, model: str, entity: str, group: str, owner: Contact) -> dict[str, Any]:
    columns = [
        {
            "name": column.name,
            "description": column.title or column.description or column.name,
            "data_type": dbt_type(column),
            **({} if _is_plain(column.name) else {"quote": True}),
            **({"constraints": [{"type": "not_null"}]} if column.constraints.required else {}),
        }
        for column in contract.columns
    ]
    provenance = [
        {"name": name, "description": words, "data_type": "bigint" if name == "line_number" else "varchar"}
        for name, words in _PROVENANCE_WORDS.items()
    ]
    told = (f"{contract.title_en or contract.title}.", contract.description_en, _row_is(entity))
    description = " ".join(words for words in told if words)
    return {
        "version": 2,
        "models": [
            {
                "name": model,
                "description": description,
                "config": {"group": group, "meta": {"dataset": contract.id}},
                "columns": columns + provenance,
            }
        ],
        "exposures": [
            {
                "name": f"{contract.id}_feed",
                "label": f"Feed and catalogue entry of {contract.id}",
                "type": "application",
                "maturity": "high",
                "description": f"What partners read and, where it is open, the catalogue publishes as {contract.id}.",
                "owner": {"name": owner.name, "email": owner.email},
                "depends_on": [f"ref('{model}')"],
            }
        ],
    }


def _dump(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
