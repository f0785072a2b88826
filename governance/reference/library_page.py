"""The contracts that a federation can adopt, from the library."""

from governance.contracts.adopt import library_names, load_from_library
from governance.reference.markdown import code, page, table


def library_page() -> str:
    """Return ``library.md``."""
    found = [load_from_library(name) for name in library_names()]
    rows = [
        (
            code(contract.id),
            f"{contract.title} / {contract.title_en}",
            contract.row_is,
            len(contract.columns),
            contract.version,
            contract.classification,
            contract.conforms_to or "",
        )
        for contract in found
    ]
    words = (
        "Contracts that any federation can adopt: the national schemas, described in our own words, and what no "
        "national schema describes. `archipel new dataset ID --from NAME` makes a copy that is the federation's own "
        "([add a dataset](../howto/add-a-dataset.md)). One that conforms to a national schema bears its version."
    )
    heads = ("name", "what", "one row per", "columns", "version", "classification", "conforms to")
    return page("Library of contracts", words, table(heads, rows))
