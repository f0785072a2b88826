"""Where Keycloak says that a session of its own has ended, so that the catalogue's ends too.

A browser holds the catalogue's session itself, in a signed cookie, which nobody can take away. So what has ended is
noted in Redis for as long as such a cookie could be shown, and a session that is noted there is none.

Source: OpenID Connect Back-Channel Logout 1.0, 2.4 to 2.8.
"""

import hashlib
import json
import time
from typing import Any

import jwt
from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit
from flask import Blueprint, Response
from redis.exceptions import RedisError

from . import issuer

LONGEST_SESSION = 3600
"""Seconds from a sign-in after which nothing is taken in its name any more without asking Keycloak."""
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LONGEST_TOKEN, _OLDEST = 16_384, 600
"""Signs; seconds after which a token is refused, however long it says it may be used."""
_KEEPS_QUIET = (issuer.Silent, RedisError)

blueprint = Blueprint("archipel_ended_sessions", __name__)


class NotALogoutToken(Exception):  # noqa: N818 - kept because it is named after the fact it states
    """Its text is the code of what does not hold."""


@blueprint.route("/user/back-channel-logout", methods=["POST"])
def end() -> Response:
    """Take Keycloak's word that a session has ended."""
    try:
        _note(toolkit.request.form.get("logout_token", ""))
    except NotALogoutToken as refused:
        return _answer(400, {"error": "invalid_request", "error_description": str(refused)})
    except _KEEPS_QUIET:
        return _answer(503, {"error": "temporarily_unavailable"})
    return _answer(200, {})


def has_ended(session: str) -> bool:
    """Whether Keycloak has ended that session of its own.

    Raises:
        RedisError: nobody can say.
    """
    return bool(connect_to_redis().exists(_name("ended", session)))


def _note(token: str) -> None:
    claims = _claims_of(token)
    with connect_to_redis().pipeline(transaction=True) as both:
        both.set(_name("used", claims["jti"]), 1, nx=True, ex=2 * _OLDEST)
        both.set(_name("ended", claims["sid"]), 1, ex=LONGEST_SESSION)
        is_new, _ = both.execute()
    if not is_new:
        raise NotALogoutToken("token_used")


def _claims_of(token: str) -> dict[str, Any]:
    try:
        if len(token) > _LONGEST_TOKEN:
            raise NotALogoutToken("token_malformed")
        claims = issuer.claims_of(token, "jti", "sid", "events")
    except issuer.Silent:
        raise
    except jwt.MissingRequiredClaimError as error:
        raise NotALogoutToken("token_claim_missing") from error
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise NotALogoutToken("token_refused") from error
    events = claims["events"]
    is_logout = isinstance(events, dict) and isinstance(events.get(_EVENT), dict)
    if not is_logout or "nonce" in claims or claims.get("typ", "Logout") != "Logout":
        # A nonce marks an identity token: one that leaked must not end anything.
        raise NotALogoutToken("token_wrong_kind")
    if not all(isinstance(claims[name], str) and claims[name] for name in ("jti", "sid")):
        raise NotALogoutToken("token_claim_missing")
    if claims["iat"] < time.time() - _OLDEST:
        raise NotALogoutToken("token_expired")
    return claims


def _name(what: str, told: str) -> str:
    return f"archipel:{what}:{hashlib.sha256(told.encode()).hexdigest()}"


def _answer(status: int, told: dict[str, str]) -> Response:
    return Response(json.dumps(told), status=status, mimetype="application/json")
