"""What somebody handed in through the console or ``archipel upload``: the newest file of the source's box.

A box is a folder of the installation's state. Whoever writes there leaves each file under a name of its own, so that
nothing handed in is lost; how the newest is found and copied is ``local_folder``'s.
"""

from pathlib import Path

from pydantic import Field

from connectors import local_folder
from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, read_options
from connectors.problems import EgressForbidden, NothingHandedIn

NEARBY = True


class Options(ConnectorOptions):
    """What the declaration of an ``upload`` source says."""

    box: str = Field(
        title="Boîte", pattern=r"^[a-z0-9_-]+(/[a-z0-9_-]+)*$", description="where files arrive: member/source"
    )
    pattern: str = Field("*", title="Motif", pattern=r"^[^/\\]+$", description="names to look at; the newest wins")


def box_folder(uploads: Path, box: str) -> Path:
    """Where the files of a box lie."""
    return uploads / box


def _as_folder(request: FetchRequest) -> FetchRequest:
    options, uploads = read_options(Options, request), request.limits.uploads
    if uploads is None:
        raise EgressForbidden(options.box, "rien ne peut être déposé ici", "nothing can be handed in here")
    limits = request.limits.model_copy(update={"folders": (uploads,)})
    folder = box_folder(uploads, options.box)
    # Hidden names are those of files still being written, and of those that were taken back.
    if not folder.is_dir() or all(path.name.startswith(".") for path in folder.iterdir()):
        raise NothingHandedIn(options.box)
    told = {"folder": folder, "pattern": options.pattern}
    return request.model_copy(update={"options": told, "limits": limits})


def check(request: FetchRequest) -> Checked:
    """Say which file would be taken.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    return local_folder.check(_as_folder(request))


def fetch(request: FetchRequest) -> Fetched:
    """Take the newest file, unless its hash is the one ``request.since`` knows.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    return local_folder.fetch(_as_folder(request))
