"""What jobs and datasets are called in lineage events; one namespace for one federation.

Source: OpenLineage, naming of jobs and datasets.
"""

from governance.platform import Platform

PRODUCER = "https://archipel.example/archipel.git"
"""Which program says so; the address of ``publiccode.yml``."""
HARVEST, HARMONISE, PUBLISH = "harvest", "harmonise", "publish"
"""Beginning of the names of jobs."""


def namespace_of(platform: Platform) -> str:
    """Return the namespace of an installation: its federation's immutable id."""
    return f"archipel://{platform.federation.head.id}"


def source_name(member_id: str, source_id: str) -> str:
    """Return the name of what a member or partner keeps."""
    return f"sources/{member_id}/{source_id}"


def accepted_name(dataset: str) -> str:
    """Return the name of the accepted rows of a dataset."""
    return f"accepted/{dataset}"


def shared_name(dataset: str) -> str:
    """Return the name of a harmonised dataset."""
    return f"shared/{dataset}"


def entry_name(catalogue_id: str) -> str:
    """Return the name of an entry of the catalogue."""
    return f"catalogue/{catalogue_id}"
