"""Reads a schema of the national registry (schema.data.gouv.fr) by name and version.

The registry is a catalogue of schemas (``schemas.json``, opendataschema.frama.io): each entry has a name
(``scdl/subventions``), its latest ``schema_url``, and ``versions`` with a ``version_name`` and a ``schema_url`` each.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from governance.contracts.model import Contract, ContractError
from governance.contracts.table_schema import from_table_schema

REGISTRY = "https://schema.data.gouv.fr/schemas.json"
Read = Callable[[str], bytes]
"""Fetches what stands at an address."""


def _json(content: bytes, url: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise ContractError(f"{url}: not JSON ({error})") from error


def _entry(catalogue: Any, name: str) -> Mapping[str, Any]:
    """Find a schema by its whole name, or by the last part of it where only one has that."""
    listed = catalogue.get("schemas") if isinstance(catalogue, Mapping) else None
    if not isinstance(listed, list):
        raise ContractError("the registry's catalogue has no list 'schemas'")
    entries = {str(item["name"]): item for item in listed if isinstance(item, Mapping) and "name" in item}
    if name in entries:
        return dict(entries[name])
    named = [key for key in entries if key.rsplit("/", 1)[-1] == name]
    if len(named) == 1:
        return dict(entries[named[0]])
    close = named or [key for key in sorted(entries) if name.lower() in key.lower()][:10]
    raise ContractError(
        f"no schema {name!r} in the registry" + (f"; did you mean {', '.join(close)}?" if close else "")
    )


def _address(entry: Mapping[str, Any], version: str | None) -> str:
    if entry.get("schema_type") != "tableschema":
        raise ContractError(f"{entry['name']} is a {entry.get('schema_type')}, not a Table Schema")
    if version is None:
        return str(entry["schema_url"])
    versions = {str(item["version_name"]).removeprefix("v"): item["schema_url"] for item in entry.get("versions", [])}
    if version.removeprefix("v") not in versions:
        raise ContractError(f"{entry['name']} has no version {version!r}; versions: {', '.join(versions) or 'none'}")
    return str(versions[version.removeprefix("v")])


def read_from_registry(name: str, read: Read, registry: str = REGISTRY) -> Contract:
    """Return the contract of ``NAME[@VERSION]`` in the registry; the latest version unless one is named.

    Raises:
        ContractError: no such schema or version, or it is no Table Schema that we can apply.
        ConnectorProblem: the registry cannot be read.
    """
    wanted, _, version = name.partition("@")
    url = _address(_entry(_json(read(registry), registry), wanted), version or None)
    contract = from_table_schema(_json(read(url), url))
    return contract.model_copy(update={"conforms_to": contract.conforms_to or url})
