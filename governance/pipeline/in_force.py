"""Put the declared policies in force, and write into the journal that they changed, and what in them."""

from governance.commits import commit_of
from governance.decisions.bundle import revisions_of, write_bundles
from governance.decisions.changes import changes_between, content_in_force
from governance.journal.journal import Journal
from governance.settings import Settings


def put_in_force(settings: Settings, journal: Journal) -> str:
    """Build the bundles of the declarations and return their version; a new one is journalled, with its predecessor.

    Raises:
        DeclarationError, ContractError: a declaration cannot be used; the bundles in force stay.
        PolicyEngineError: no OPA to read the annotations with.
    """
    previous = revisions_of(settings).current
    before = content_in_force(settings)
    revision = write_bundles(settings)
    if revision != previous:
        told = changes_between(before, content_in_force(settings)) if previous else {}
        commit = commit_of(settings.federation_dir, settings.policies_dir)
        journal.append("policy_change", {"revision": revision, "previous": previous, "changes": told, "commit": commit})
    return revision
