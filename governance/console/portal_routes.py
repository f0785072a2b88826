"""Requests to a commune's own host: its page, its colours, its logo, its part of the catalogue.

Whatever else is asked for under that name is the federation's, and leads there.
"""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Host, Mount, Route, Router
from starlette.staticfiles import StaticFiles

from governance.api.catalogue_files import CatalogueFiles
from governance.console.languages import LANGUAGES
from governance.console.portal import portal_page
from governance.console.rendering import STATIC, render
from governance.federation import Member
from governance.platform import Platform
from governance.portals import Portal

LOGOS = Path("members") / "logos"
"""Folder of logos below the federation's."""
_LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


def mount_portals(app: FastAPI, platform: Platform) -> None:
    """Put each declared portal before all other addresses of the application."""
    for member in platform.federation.members.values():
        if member.portal:
            routes = _routes(platform, member, member.portal)
            app.router.routes.insert(0, Host(member.portal.host, Router(routes), name=f"portal-{member.id}"))


def _routes(platform: Platform, member: Member, portal: Portal) -> list[BaseRoute]:
    def show(request: Request) -> Response:
        return render(request, "portal.html", portal_page(request.app.state.gate, member))

    def go_home(_: Request) -> Response:
        return RedirectResponse("/fr/", status_code=307)

    def style(_: Request) -> Response:
        return Response(portal.style, media_type="text/css", headers={"Cache-Control": "no-cache"})

    def logo(_: Request) -> Response:
        path = platform.federation.root / LOGOS / (portal.logo or "")
        if not portal.logo or not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, media_type=_LOGO_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})

    def go_to_federation(request: Request) -> Response:
        # Built from the path alone, behind one slash: no address that is handed in can lead to a third site.
        path = "/" + request.url.path.lstrip("/")
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{platform.settings.public_address}{path}{query}", status_code=307)

    pages = [f"/{language}/{name}" for language in LANGUAGES for name in ("", "index.json")]
    return [
        Route("/", go_home),
        *(Route(page, show) for page in pages),
        Route("/portal.css", style),
        Route("/portal-logo", logo),
        Mount("/static", StaticFiles(directory=STATIC)),
        Mount("/catalogue", CatalogueFiles(platform.settings.state_dir / "catalogue", member.id)),
        Route("/{rest:path}", go_to_federation),
    ]
