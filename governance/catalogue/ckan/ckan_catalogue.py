"""Makes a CKAN equal to the catalogue: creates, revises, archives, and writes nothing when nothing has changed.

Each write of a dataset says which state it was decided on (``metadata_modified``). Who was faster wins: the dataset is
read again and the decision taken anew, so that nobody's edit is written over. A publication that was cut leaves
each dataset as it was or as it has to be; the next one does the rest.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ckanapi.errors import ValidationError

from governance.catalogue.ckan.account import CkanAccount, CkanRefused, plain
from governance.catalogue.ckan.differences import Revision, changed, revision
from governance.catalogue.ckan.external_to_ckan import external_ckan_dataset, external_organisation_fields
from governance.catalogue.ckan.open_rows import OpenRows
from governance.catalogue.ckan.to_ckan import CkanDataset, ckan_dataset, organisation_fields
from governance.catalogue.external.described import entry_name
from governance.catalogue.model import Catalogue
from governance.catalogue.publisher import PublicationResult
from governance.catalogue.store import DistributionStore

ATTEMPTS = 4
"""How often a dataset is read and decided anew because somebody else wrote it meanwhile."""

PAGE = 500
"""Datasets asked for at once; CKAN gives up to a thousand."""


class CkanCatalogue:
    """A CKAN that shows the catalogue, beside whatever else it shows."""

    def __init__(self, account: CkanAccount, tables: type[OpenRows] = OpenRows) -> None:
        self.account = account
        self._tables = tables

    def publish(self, catalogue: Catalogue, store: DistributionStore) -> PublicationResult:
        """Make CKAN equal to the catalogue; see ``CataloguePublisher``.

        What closed is hidden first: whatever fails afterwards, nothing that may not be seen is seen any longer.

        Raises:
            CkanRefused: CKAN does not answer, refuses a value or does not keep it. What was written stays.
        """
        known = {package["name"]: package for package in self._datasets_of_ours()}
        rows = self._tables(self.account, store)
        names = _names(catalogue)
        gone = [package for name, package in sorted(known.items()) if name not in names]
        archived = [package["name"] for package in gone if self._archive(package, rows)]
        for organisation in catalogue.organisations:
            self._reconcile_organisation(organisation.id, organisation_fields(catalogue, organisation))
        for external in catalogue.external:
            self._reconcile_organisation(external.id, external_organisation_fields(catalogue, external))
        done: dict[str, list[str]] = {"created": [], "updated": [], "unchanged": []}
        for dataset in catalogue.datasets:
            outcome, package = self._reconcile(ckan_dataset(catalogue, dataset), known.get(dataset.id))
            if rows.load(dataset, package) and outcome == "unchanged":
                outcome = "updated"
            done[outcome].append(dataset.id)
        for external in catalogue.external:
            for entry in external.datasets:
                outcome, _ = self._reconcile(external_ckan_dataset(catalogue, external, entry), known.get(entry.id))
                done[outcome].append(entry.id)
        return PublicationResult(
            **{name: tuple(sorted(ids)) for name, ids in done.items()},
            archived=tuple(archived),
            version=catalogue.fingerprint[:16],
        )

    def _reconcile_organisation(self, name: str, wanted: Mapping[str, Any]) -> None:
        found = self.account.find(
            "organization_show", name, include_users=False, include_groups=False, include_tags=False
        )
        if found is None:
            self.account.write("organization_create", {"name": name, **wanted})
            return
        # One that a person deleted is put back: its datasets are open under its name.
        differing = changed({**wanted, "state": "active"}, found, (*wanted, "state"))
        if differing:
            self.account.write("organization_patch", {"id": name, **differing})

    def _datasets_of_ours(self) -> Iterator[dict[str, Any]]:
        """Yield the datasets that bear an identifier of ours, archived ones too."""
        start = 0
        while True:
            query = {"q": "*:*", "rows": PAGE, "start": start, "sort": "name asc", "include_private": True}
            answer = self.account.call("package_search", query)
            found: list[dict[str, Any]] = answer["results"]
            yield from (each for each in found if _is_ours(each))
            start += len(found)
            if not found or start >= answer["count"]:
                return

    def _reconcile(self, wanted: CkanDataset, found: Mapping[str, Any] | None) -> tuple[str, Mapping[str, Any]]:
        """Create or revise one dataset; return what was done, and what CKAN has now."""
        if found is None:
            # The index is asked for many at once and may be behind; before something is made, the database is asked.
            found = self.account.find("package_show", wanted.name)
        if found is None:
            made = self.account.write("package_create", _new(wanted))
            self._require_kept(wanted, made)
            return "created", made
        for _ in range(ATTEMPTS):
            needed = revision(wanted, found)
            if needed.is_empty:
                return "unchanged", found
            written = self._revise(found, needed)
            if written is not None:
                self._require_kept(wanted, written)
                return ("created" if found.get("archived_on") else "updated"), written
            found = self.account.find("package_show", wanted.name)
            if found is None:
                return self._reconcile(wanted, None)
        raise CkanRefused(f"{self.account.address}: {wanted.name} was changed by others {ATTEMPTS} times in a row.")

    def _revise(self, found: Mapping[str, Any], needed: Revision) -> dict[str, Any] | None:
        """Write on condition that nobody wrote since; None when somebody did."""
        match = {"id": found["id"], "metadata_modified": found["metadata_modified"]}
        values = {"match": match, "update": dict(needed.update), "filter": list(needed.filter), **needed.flattened}
        try:
            written: dict[str, Any] = self.account.call("package_revise", values)["package"]
        except ValidationError as error:
            if "match" in error.error_dict:
                return None
            raise CkanRefused(f"{self.account.address} refused {found['name']}: {plain(error)}") from error
        return written

    def _require_kept(self, wanted: CkanDataset, written: Mapping[str, Any]) -> None:
        """A CKAN without our extension drops fields without a word, and would be written to for ever."""
        left = revision(wanted, written)
        if not left.is_empty:
            raise CkanRefused(
                f"{self.account.address} did not keep {', '.join(left.fields)} of {wanted.name}: "
                "is the extension of infra/ckan installed there, with its schemas?"
            )

    def _archive(self, found: Mapping[str, Any], rows: OpenRows) -> bool:
        """Hide what is no longer open and empty its tables; only a person deletes. False when it was done before."""
        current: Mapping[str, Any] | None = found
        for _ in range(ATTEMPTS):
            if current is None or (current.get("archived_on") and current.get("private")):
                return False
            # Emptied first: were this cut here, the dataset would not look archived, and be taken up again.
            rows.empty(current)
            current = self.account.find("package_show", str(found["name"])) or current
            today = datetime.now(UTC).date().isoformat()
            if self._revise(current, Revision({"private": True, "archived_on": today}, {})) is not None:
                return True
            current = self.account.find("package_show", str(found["name"]))
        raise CkanRefused(f"{self.account.address}: {found['name']} was changed by others {ATTEMPTS} times in a row.")


def _is_ours(package: Mapping[str, Any]) -> bool:
    """By the end of its identifier: what begins it is the platform's address, which may have changed since.

    The identifier of what others have is theirs; our entry of it is known by its name.
    """
    name, of = str(package["name"]), package.get("external_catalogue")
    return str(package.get("uri") or "").endswith(f"/id/dataset/{name}") or bool(of and name.startswith(entry_name(of)))


def _names(catalogue: Catalogue) -> set[str]:
    ours = {dataset.id for dataset in catalogue.datasets}
    return ours | {entry.id for external in catalogue.external for entry in external.datasets}


def _new(wanted: CkanDataset) -> dict[str, Any]:
    """Return the arguments of ``package_create``."""
    tags = [{"name": tag} for tag in wanted.tags]
    resources = [dict(resource) for resource in wanted.resources]
    return {"name": wanted.name, **wanted.fields, "tags": tags, "resources": resources}
