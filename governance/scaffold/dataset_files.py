"""The files of a new dataset: its contract where there is none yet, its dbt models, the YAML of each."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from governance.contracts.adopt import adopt, as_own
from governance.contracts.model import Classification, Contract
from governance.contracts.odcs import dump_contract, load_contract
from governance.contracts.table_schema import from_table_schema
from governance.federation import Federation
from governance.scaffold.dataset_models import model_files
from governance.scaffold.files import write_new
from governance.scaffold.problems import ScaffoldError

_NAME = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")


@dataclass(frozen=True)
class NewDataset:
    """What is to be known of a dataset besides its columns."""

    id: str
    entity: str
    """What one row is, in the singular, as a name in SQL."""
    group: str
    """The dbt group that answers for it; also the domain in the shared model's name."""
    classification: Classification = "restricted"


def groups_of(dbt_dir: Path) -> list[str]:
    """Return the names of the project's dbt groups."""
    declared = yaml.safe_load((dbt_dir / "models" / "groups.yml").read_text(encoding="utf-8"))
    return [group["name"] for group in declared["groups"]]


def contract_from_schema(path: Path, dataset: NewDataset, licence: str) -> Contract:
    """Return the contract that a Table Schema file says, under the dataset's own id.

    Raises:
        ScaffoldError: the file cannot be read as JSON.
        ContractError: it is not a Table Schema that we can apply.
    """
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScaffoldError(f"{path}: {error}") from error
    found = from_table_schema(schema)
    title = found.title or dataset.id.replace("_", " ").capitalize()
    own = {
        "id": dataset.id,
        "version": found.version if found.version != "0" else "0.1.0",
        "title": title,
        "row_is": dataset.entity.replace("_", " "),
        "classification": dataset.classification,
        "licence": licence if dataset.classification == "open" else None,
    }
    return as_own(found, **own)


def _new_contract(path: Path, dataset: NewDataset, licence: str, schema: Path | None, name: str | None) -> Contract:
    """Return the contract to write at a path: from a Table Schema or from the library, one of them.

    Raises:
        ScaffoldError: the contract exists, or not exactly one origin is given.
        ContractError: the schema cannot be applied, or the library has none of that name.
    """
    if path.exists():
        raise ScaffoldError(f"{path} exists already; leave --schema and --from out to make models of it")
    if schema is not None and name is not None:
        raise ScaffoldError("a contract is made of a schema (--schema) or of the library (--from), not of both")
    if schema is not None:
        return contract_from_schema(schema, dataset, licence)
    if name is not None:
        return adopt(name, dataset.id, dataset.classification, licence)
    raise ScaffoldError(
        f"{path} does not exist; give a Table Schema with --schema, a contract of the library with --from, "
        "or write the contract first"
    )


def write_dataset(
    federation: Federation, dbt_dir: Path, dataset: NewDataset, schema: Path | None, adopted: str | None = None
) -> list[Path]:
    """Write the contract (from a Table Schema or the library, unless it exists) and the four dbt files.

    Returns the new paths. ``adopted`` is the name of a contract of the library.

    Raises:
        ScaffoldError: no contract and no origin, both, an unknown group, or dbt files that exist already.
        ContractError: the contract or the schema cannot be applied.
    """
    for name, what in ((dataset.id, "dataset"), (dataset.entity, "row")):
        if not _NAME.match(name):
            raise ScaffoldError(f"{name!r} is no name for a {what}: lower case, digits, underscores")
    if dataset.group not in groups_of(dbt_dir):
        raise ScaffoldError(
            f"no dbt group {dataset.group!r}; known: {', '.join(groups_of(dbt_dir))} (dbt/models/groups.yml)"
        )
    path = federation.root / "contracts" / f"{dataset.id}.yaml"
    contents: dict[Path, str] = {}
    if path.exists() and schema is None and adopted is None:
        contract = load_contract(path)
    else:
        contract = _new_contract(path, dataset, federation.head.licence, schema, adopted)
        contents[path] = dump_contract(contract)
    owner = federation.head.contact
    contents |= model_files(
        dbt_dir, contract, domain=dataset.group, entity=dataset.entity, group=dataset.group, owner=owner
    )
    return write_new(contents)
