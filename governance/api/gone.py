"""410 Gone at each address of a dataset that was published once: a harvester then knows that it is no fault of ours."""

import re
from pathlib import Path

from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.catalogue.withdrawn import find_tombstone

_OF_A_DATASET = re.compile(r"(?:datasets|files)/([a-z0-9_-]+?)(?:-2\.1\.1)?\.")


def refuse_withdrawn(catalogue: Path, dataset_id: str) -> None:
    """Do nothing for a dataset that is open or never was; ``catalogue`` is the folder that holds ``current``.

    Raises:
        ProblemError: 410, with the day it was withdrawn.
    """
    tombstone = find_tombstone(catalogue, dataset_id)
    if tombstone:
        day = tombstone.archived.date().isoformat()
        raise ProblemError(410, reason("dataset_withdrawn", dataset=dataset_id, day=day))


def refuse_withdrawn_file(catalogue: Path, path: str) -> None:
    """Do the same for a file that was not found, by its path below ``/catalogue``.

    Raises:
        ProblemError: likewise.
    """
    named = _OF_A_DATASET.match(path)
    if named:
        refuse_withdrawn(catalogue, named[1])
