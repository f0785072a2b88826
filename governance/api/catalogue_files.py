"""The published catalogue as it is served without nginx: files of the current version, and nothing beside them."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from governance.api.gone import refuse_withdrawn_file

CATALOGUE_TYPES = {
    ".ttl": "text/turtle",
    ".jsonld": "application/ld+json",
    ".json": "application/json",
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".parquet": "application/vnd.apache.parquet",
}


class CatalogueFiles(StaticFiles):
    """The published catalogue: whatever the publisher made current, with its true media types, for all origins."""

    def __init__(self, catalogue: Path, organisation_id: str | None = None) -> None:
        """Serve the folder that holds ``current``; for an organisation's portal, its part as the whole."""
        super().__init__(directory=catalogue / "current", check_dir=False)
        self._catalogue = catalogue
        self._instead = {
            f"catalog{ending}": f"organisations/{organisation_id}{ending}"
            for ending in (".ttl", ".jsonld")
            if organisation_id
        }

    async def check_config(self) -> None:
        """Accept that nothing was published yet: every file is not found then, which is no fault of the service."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; hidden files and folders are not found, those of what was withdrawn are gone."""
        if any(part.startswith(".") for part in Path(path).parts):
            raise HTTPException(404)
        try:
            response = await super().get_response(self._instead.get(path, path), scope)
        except HTTPException as error:
            if error.status_code == 404:
                refuse_withdrawn_file(self._catalogue, path)
            raise
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "public, no-cache"
        kind = CATALOGUE_TYPES.get(Path(path).suffix)
        if kind:
            charset = "" if kind.startswith("application/") else "; charset=utf-8"
            response.headers["Content-Type"] = kind + charset
        return response
