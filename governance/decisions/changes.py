"""What one version of the policy has that another has not, by the names that people know: agreements, rules, files."""

import json
import tarfile
from collections.abc import Mapping
from typing import Any

from governance.decisions.bundle import bundle_path
from governance.decisions.bundle_names import BUNDLES
from governance.decisions.facts import current_facts
from governance.settings import Settings

Changes = Mapping[str, Mapping[str, list[str]]]
"""Kind of thing (``agreements``, ``policies`` …), what became of it (``added``, ``removed``, ``changed``), names."""


def content_in_force(settings: Settings) -> dict[str, dict[str, Any]]:
    """All that the bundles in force hold, by kind and name; empty before the first, or where one is no archive."""
    found: dict[str, dict[str, Any]] = {}
    for name in BUNDLES:
        try:
            with tarfile.open(bundle_path(settings, name), mode="r:gz") as archive:
                for entry in archive:
                    file = archive.extractfile(entry)
                    if file is not None:
                        _sort_in(found, entry.name, file.read())
        except (OSError, tarfile.TarError, ValueError):
            continue
    return found


def changes_declared(settings: Settings) -> Changes:
    """Return what the declarations have that the bundles in force have not, or otherwise; rules of policies aside.

    Raises:
        DeclarationError, ContractError: a declaration cannot be used.
    """
    declared: dict[str, dict[str, Any]] = {}
    _sort_in(declared, "data.json", json.dumps(current_facts(settings)).encode())
    in_force = content_in_force(settings)
    return changes_between({kind: named for kind, named in in_force.items() if kind in declared}, declared)


def _sort_in(found: dict[str, dict[str, Any]], path: str, content: bytes) -> None:
    if path.endswith(".rego"):
        found.setdefault("policies", {})[path] = content
    elif path == "data.json":
        document = json.loads(content)
        found.update({kind: named for kind, named in document.get("facts", {}).items() if kind != "agreements"})
        for by_target in document.get("facts", {}).get("agreements", {}).values():
            for held in by_target.values():
                found.setdefault("agreements", {}).update(held)
        if "rules" in document:
            found["reasons"] = document["rules"]


def changes_between(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Changes:
    """Names of what was added, removed and changed, by kind; kinds without a change are left out."""
    told: dict[str, dict[str, list[str]]] = {}
    for kind in sorted(before.keys() | after.keys()):
        old, new = before.get(kind, {}), after.get(kind, {})
        differences = {
            "added": sorted(new.keys() - old.keys()),
            "removed": sorted(old.keys() - new.keys()),
            "changed": sorted(name for name in old.keys() & new.keys() if old[name] != new[name]),
        }
        if any(differences.values()):
            told[kind] = {what: names for what, names in differences.items() if names}
    return told
