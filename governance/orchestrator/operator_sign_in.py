"""Airflow's doors where there is a Keycloak: people sign in there, and only operators come in.

What one may do inside stays Airflow's own simple model, in which an operator may do everything. Its form with a name
and a password is not served; its address for tokens is, for the platform's own account, which starts the main job.
Airflow's own adapter to Keycloak was looked at: docs/decisions/0022-people-sign-in.md.

Airflow keeps no sessions: a browser holds a token of Airflow's own. It names the session of Keycloak that it came from,
and one that Keycloak ended is noted in Airflow's table of revoked tokens until each such token has run out.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Annotated, Any

from airflow.api_fastapi.app import get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.simple.routes.login import login_router
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import is_safe_url
from airflow.configuration import conf
from airflow.models.revoked_token import RevokedToken
from fastapi import FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jwt.exceptions import ExpiredSignatureError

from governance.federation import load_federation
from governance.identity.keycloak.desired import AIRFLOW, ways_in
from governance.identity.logout_token import LONGEST_TOKEN, read_logout_token, refusal_of
from governance.identity.refusals import TokenError
from governance.identity.way_in import BEGUN_FOR_SECONDS, WayIn
from governance.journal.journal import Journal
from governance.settings import load_settings
from governance.state.database import open_database
from governance.state.sessions import note_token

OPERATOR = "operator"
_BEGUN, _IDENTITY = "archipel-airflow-sign-in", "archipel-airflow-identity"
"""Cookies: a sign-in under way, and what Keycloak is shown at its end."""
_LONGEST = 16_384
_PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Airflow</title></head>
<body><main><h1>Airflow</h1><p>{fr}</p><p lang="en">{en}</p><p><a href="/auth/sign-in">Se connecter / Sign in</a></p>
</main></body></html>"""


class Operator(SimpleAuthManagerUser):  # type: ignore[misc] # kept because Airflow is read without its types
    """Somebody who came in through Keycloak, and the session of it that they came from."""

    def __init__(self, name: str, issuer_session: str) -> None:
        super().__init__(username=name, role="admin")
        self.issuer_session = issuer_session


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

    def serialize_user(self, user: SimpleAuthManagerUser) -> dict[str, Any]:
        """Return what a token of Airflow's says of somebody."""
        told: dict[str, Any] = super().serialize_user(user)
        return {**told, "sid": user.issuer_session} if isinstance(user, Operator) else told

    def deserialize_user(self, token: dict[str, Any]) -> SimpleAuthManagerUser:
        """Return whose a token of Airflow's is; Airflow asks at each request.

        Raises:
            ExpiredSignatureError: Keycloak has ended the session. As for a token that ran out, a browser is then sent
                to sign in.
        """
        session = token.get("sid")
        if session is None:
            return super().deserialize_user(token)
        if RevokedToken.is_revoked(_noted_as(session)):
            raise ExpiredSignatureError("the session was ended at the issuer")
        return Operator(token["sub"], session)

    def get_fastapi_app(self) -> FastAPI:
        """Return what is served under ``/auth``."""
        app = FastAPI(title="Operators sign in", docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(login_router)
        app.add_api_route("/sign-in", self._begin, methods=["GET"], response_model=None)
        app.add_api_route("/signed-in", self._finish, methods=["GET"], response_model=None)
        app.add_api_route("/sign-out", self._leave, methods=["GET"], response_model=None)
        app.add_api_route("/signed-out", self._left, methods=["GET"], response_model=None)
        app.add_api_route("/back-channel-logout", self._end_by_issuer, methods=["POST"], response_model=None)
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
        token = self.generate_jwt(Operator(person.name or person.id, arrived.issuer_session))
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

    def _end_by_issuer(self, logout_token: Annotated[str, Form(max_length=LONGEST_TOKEN)] = "") -> Response:
        """Take Keycloak's word that a session has ended (Back-Channel Logout 1.0, 2.7 and 2.8)."""
        no_store = {"Cache-Control": "no-store"}
        try:
            is_new = partial(note_token, open_database(load_settings().database_address))
            ended = read_logout_token(self._way.verifier, logout_token, is_new)
            if ended.issuer_session is None:
                # Of an account alone it would shut out who comes in again; the realm asks for the session's name.
                raise TokenError("token_claim_missing")
        except TokenError as error:
            status, told = refusal_of(error)
            return JSONResponse(told, status_code=status, headers=no_store)
        longest = timedelta(seconds=conf.getint("api_auth", "jwt_expiration_time"))
        RevokedToken.revoke(_noted_as(ended.issuer_session), datetime.now(UTC) + longest)
        self._way.note("ended_by_issuer", ended.subject)
        return Response(status_code=200, headers=no_store)


def _noted_as(issuer_session: str) -> str:
    """What Airflow's table, of 32 signs, knows a session by; its other names there are random."""
    return hashlib.sha256(f"session {issuer_session}".encode()).hexdigest()[:32]


def _page(fr: str, en: str, status: int) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(_PAGE.format(fr=fr, en=en), status_code=status, headers=headers)
