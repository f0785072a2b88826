"""Keycloak as it is asked who people are: authorization code with PKCE, refresh, and the way out.

Source: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE, S256); RFC 9700; RP-Initiated Logout 1.0. A client for each
question, because the library's is changed by what it is asked and must not be shared between threads.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from governance.identity.keycloak.desired import Way
from governance.identity.refusals import TokenError
from governance.settings import Settings

if TYPE_CHECKING:
    from keycloak import KeycloakOpenID

TIMEOUT_SECONDS = 10
"""Longest wait for a whole answer."""


@dataclass(frozen=True)
class Tokens:
    """What Keycloak gives: who somebody is (``access``), how to ask again, and what to show when they leave."""

    access: str
    refresh: str
    identity: str


class KeycloakSignIn:
    """One of the realm's clients that people sign in by."""

    def __init__(self, settings: Settings, way: Way) -> None:
        self._settings, self._way = settings, way

    def way_in(self, state: str, nonce: str, verifier: str, language: str) -> str:
        """Return the address that a browser is sent to.

        Raises:
            TokenError: ``issuer_silent``.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {"state": state, "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256"}
        with _in_words():
            address = self._client().auth_url(self._way.back, scope="openid", **asked)
        return f"{address}&ui_locales={language}"

    def redeem(self, code: str, verifier: str) -> Tokens:
        """Return what an authorization code gives, once.

        Raises:
            TokenError: ``sign_in_refused``, Keycloak takes neither; ``issuer_silent``.
        """
        with _in_words():
            return _tokens(
                self._client().token(
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=self._way.back,
                    code_verifier=verifier,
                )
            )

    def ask_again(self, refresh: str) -> Tokens:
        """Return what Keycloak says now about somebody.

        Raises:
            TokenError: ``sign_in_refused``, the session has ended there; ``issuer_silent``.
        """
        with _in_words():
            return _tokens(self._client().refresh_token(refresh))

    def way_out(self, identity: str, language: str) -> str:
        """Return the address at which a browser ends the session at Keycloak too.

        Raises:
            TokenError: ``issuer_silent``.
        """
        back = next((each for each in self._way.left if each.endswith(f"/{language}/")), self._way.left[0])
        told = {"id_token_hint": identity, "client_id": self._way.client, "post_logout_redirect_uri": back}
        with _in_words():
            return f"{self._client().well_known()['end_session_endpoint']}?{urlencode(told)}"

    def _client(self) -> "KeycloakOpenID":
        # Here because the library takes a second to import, and most processes have nobody to sign in.
        from keycloak import KeycloakOpenID

        from governance.identity.keycloak.account import answers_in_time

        return answers_in_time(
            KeycloakOpenID(
                server_url=str(self._settings.keycloak_url),
                realm_name=self._settings.keycloak_realm,
                client_id=self._way.client,
                timeout=TIMEOUT_SECONDS,
            )
        )


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    try:
        return Tokens(*(str(answer[f"{name}_token"]) for name in ("access", "refresh", "id")))
    except KeyError as error:
        raise TokenError("sign_in_refused") from error


@contextmanager
def _in_words() -> Iterator[None]:
    """Tell a Keycloak that says no from one that says nothing.

    Raises:
        TokenError: ``sign_in_refused`` or ``issuer_silent``.
    """
    from keycloak.exceptions import KeycloakError

    try:
        yield
    except KeycloakError as error:
        is_refusal = error.response_code in (400, 401)
        raise TokenError("sign_in_refused" if is_refusal else "issuer_silent") from error
