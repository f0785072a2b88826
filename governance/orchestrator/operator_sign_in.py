"""Airflow's doors where there is a Keycloak: people sign in there, and only operators come in.

What one may do inside stays Airflow's own simple model, in which an operator may do everything. Its form with a name
and a password is not served; its address for tokens is, for the platform's own account, which starts the main job.
Airflow's own adapter to Keycloak was looked at: docs/decisions/0022-people-sign-in.md.
"""

from functools import cached_property
from typing import Annotated

from airflow.api_fastapi.app import get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.simple.routes.login import login_router
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import is_safe_url
from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from governance.federation import load_federation
from governance.identity.keycloak.desired import AIRFLOW, ways_in
from governance.identity.refusals import TokenError
from governance.identity.way_in import BEGUN_FOR_SECONDS, WayIn
from governance.journal.journal import Journal
from governance.settings import load_settings

OPERATOR = "operator"
_BEGUN, _IDENTITY = "archipel-airflow-sign-in", "archipel-airflow-identity"
"""Cookies: a sign-in under way, and what Keycloak is shown at its end."""
_LONGEST = 16_384
_PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Airflow</title></head>
<body><main><h1>Airflow</h1><p>{fr}</p><p lang="en">{en}</p><p><a href="/auth/sign-in">Se connecter / Sign in</a></p>
</main></body></html>"""


class OperatorSignIn(SimpleAuthManager):  # type: ignore[misc] # kept because Airflow is read without its types
    """Airflow asks this who somebody is and what they may do (its ``auth_manager``)."""

    @cached_property
    def _way(self) -> WayIn:
        settings = load_settings()
        federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
        return WayIn(settings, ways_in(settings)[AIRFLOW], federation, Journal.from_settings(settings))

    @staticmethod
    def _looks_like_production(**_shape: str | None) -> bool:
        """Say no: the model warns that people's passwords would lie in a file, and no person has one there."""
        return False

    def get_url_login(self, **_asked: object) -> str:
        """Return where a browser is sent to sign in."""
        return "/auth/sign-in"

    def get_url_logout(self) -> str:
        """Return where a browser is sent to leave."""
        return "/auth/sign-out"

    def get_fastapi_app(self) -> FastAPI:
        """Return what is served under ``/auth``."""
        app = FastAPI(title="Operators sign in", docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(login_router)
        app.add_api_route("/sign-in", self._begin, methods=["GET"], response_model=None)
        app.add_api_route("/signed-in", self._finish, methods=["GET"], response_model=None)
        app.add_api_route("/sign-out", self._leave, methods=["GET"], response_model=None)
        app.add_api_route("/signed-out", self._left, methods=["GET"], response_model=None)
        return app

    def _begin(self, request: Request, next: Annotated[str, Query(max_length=2000)] = "") -> Response:  # noqa: A002
        to = next if next and is_safe_url(next, request=request) else "/"
        try:
            address, begun = self._way.begin(to, "fr")
        except TokenError as error:
            return _page(error.refusal.text_fr, error.refusal.text_en, 503)
        response = RedirectResponse(address, status_code=303)
        response.set_cookie(_BEGUN, begun, max_age=BEGUN_FOR_SECONDS, path="/auth", httponly=True, samesite="lax")
        return response

    def _finish(
        self,
        request: Request,
        state: Annotated[str, Query(max_length=500)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
    ) -> Response:
        try:
            begun = self._way.begun(request.cookies.get(_BEGUN, "")[:_LONGEST])
            arrived = self._way.arrive(begun, state, code)
            to = begun.to if begun else "/"
        except TokenError as error:
            return _page(error.refusal.text_fr, error.refusal.text_en, 403)
        person = arrived.person
        organisations = list(person.organisations)
        if not person.has_one_of((OPERATOR,)):
            self._way.note("refused", person.id, organisations=organisations, reasons=["role_needed"])
            return _page(
                "Airflow est réservé aux exploitants de la plateforme (rôle « operator »).",
                "Airflow is for the platform's operators (role “operator”).",
                403,
            )
        self._way.note("signed_in", person.id, organisations=organisations, roles=[OPERATOR])
        token = self.generate_jwt(SimpleAuthManagerUser(username=person.name or person.id, role="admin"))
        response = RedirectResponse(to, status_code=303)
        response.set_cookie(COOKIE_NAME_JWT_TOKEN, token, path=get_cookie_path(), httponly=True, samesite="lax")
        response.set_cookie(_IDENTITY, arrived.tokens.identity, path="/auth", httponly=True, samesite="lax")
        response.delete_cookie(_BEGUN, path="/auth", httponly=True, samesite="lax")
        return response

    def _leave(self, request: Request) -> Response:
        identity = request.cookies.get(_IDENTITY, "")[:_LONGEST]
        try:
            # Held against the issuer's keys, so that nobody is led on with something else in the address.
            self._way.verifier.claims_of(identity)
            response = RedirectResponse(self._way.issuer.way_out(identity, "fr"), status_code=303)
        except TokenError:
            response = RedirectResponse("/auth/signed-out", status_code=303)
        response.delete_cookie(COOKIE_NAME_JWT_TOKEN, path=get_cookie_path(), httponly=True, samesite="lax")
        response.delete_cookie(_IDENTITY, path="/auth", httponly=True, samesite="lax")
        return response

    def _left(self) -> Response:
        return _page("Vous avez quitté Airflow.", "You have left Airflow.", 200)


def _page(fr: str, en: str, status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(_PAGE.format(fr=fr, en=en), status_code=status, headers=headers)
