"""Put the declared policies in force, and write into the journal that they changed."""

from governance.decisions.bundle import revisions_of, write_bundles
from governance.journal.journal import Journal
from governance.settings import Settings


def put_in_force(settings: Settings, journal: Journal) -> str:
    """Build the bundles of the declarations and return their version; a new one is journalled, with its predecessor.

    Raises:
        DeclarationError, ContractError: a declaration cannot be used; the bundles in force stay.
        PolicyEngineError: no OPA to read the annotations with.
    """
    before = revisions_of(settings).current
    revision = write_bundles(settings)
    if revision != before:
        journal.append("policy_change", {"revision": revision, "previous": before})
    return revision
