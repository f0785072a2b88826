"""What has to be written so that CKAN says what the catalogue says; nothing when it does already. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.catalogue.ckan.to_ckan import OWNED_BY_US, OWNED_BY_US_IN_RESOURCES, CkanDataset


@dataclass(frozen=True)
class Revision:
    """The arguments of one ``package_revise``, its ``match`` left out."""

    update: Mapping[str, Any]
    flattened: Mapping[str, Any]
    """Keys such as ``update__resources__extend``: CKAN ignores the same nested inside ``update``, without a word."""
    filter: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.update or self.flattened or self.filter)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of what changes, for messages."""
        return tuple(sorted({*self.update, *self.flattened} or self.filter))


def canonical(value: Any) -> Any:
    """Return a value as it can be compared with CKAN's, which keeps numbers as text and leaves out what is empty."""
    if isinstance(value, Mapping):
        told = {key: canonical(inner) for key, inner in value.items()}
        return {key: inner for key, inner in told.items() if inner}
    if isinstance(value, list | tuple):
        return [canonical(inner) for inner in value]
    return "" if value is None else str(value)


def changed(wanted: Mapping[str, Any], found: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return those of the named fields that CKAN has otherwise, with the value wanted."""
    return {name: wanted[name] for name in names if not _is_same(wanted[name], found.get(name))}


def _is_same(wanted: Any, found: Any) -> bool:
    # What is equal as it stands needs no other form, and with nothing changed that is nearly all.
    return wanted == found or (canonical(wanted) or "") == (canonical(found) or "")


def revision(wanted: CkanDataset, found: Mapping[str, Any]) -> Revision:
    """Return what makes a dataset of CKAN equal to the one wanted.

    Tags are added and none is taken away: who wrote one that we do not know cannot be told.
    """
    organisation = (found.get("organization") or {}).get("name") or found.get("owner_org")
    update = changed(wanted.fields, {**found, "owner_org": organisation}, OWNED_BY_US)
    tags = [tag["name"] for tag in found.get("tags") or []]
    missing = [tag for tag in wanted.tags if tag not in tags]
    if missing:
        update["tags"] = [{"name": tag} for tag in (*tags, *missing)]
    if found.get("state") == "deleted":
        update["state"] = "active"
    if found.get("archived_on") and found.get("private"):
        update["private"] = False
    flattened, dropped = _resources(wanted, found)
    return Revision(update, flattened, (*_lists("", update), *dropped))


def _lists(path: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what takes each list away before it is written: CKAN merges lists by place, and never shortens one."""
    return (f"-{path}{name}" for name, value in values.items() if isinstance(value, list))


def _resources(wanted: CkanDataset, found: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    known = {resource["id"]: resource for resource in found.get("resources") or []}
    flattened: dict[str, Any] = {}
    taken: list[str] = []
    for resource in wanted.resources:
        before = known.get(resource["id"])
        differing = changed(resource, before, OWNED_BY_US_IN_RESOURCES) if before else {}
        if differing:
            flattened[f"update__resources__{resource['id']}"] = differing
            taken += _lists(f"resources__{resource['id']}__", differing)
    new = [dict(resource) for resource in wanted.resources if resource["id"] not in known]
    if new:
        flattened["update__resources__extend"] = new
    kept = {resource["id"] for resource in wanted.resources}
    ours = {name for name, each in known.items() if wanted.resource_mark in str(each.get("uri") or "")}
    dropped = (f"-resources__{name}" for name in known if name in ours - kept)
    return flattened, (*taken, *dropped)
