"""People sign in to the catalogue through the platform's Keycloak, and what they may do there follows their role.

An officer of an organisation edits what it publishes here; nobody becomes an administrator by signing in. Accounts are
found by Keycloak's own id of them, never by an address, which somebody else may have had. Keycloak is asked directly,
on the machine's own network, so what it answers needs no further signature (OpenID Connect Core 1.0, 3.1.3.7, 6).
"""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from ckan import model
from ckan.common import login_user, logout_user, session
from ckan.plugins import toolkit
from ckan.views.user import regenerate_session, rotate_token
from flask import Blueprint
from redis.exceptions import RedisError

from .ended_sessions import LONGEST_SESSION, has_ended
from .issuer import CLIENT, TIMEOUT, address, is_on

EDITS = "officer"
_KEY, _BEGUN = "archipel_sign_in", "archipel_sign_in_begun"
_ASK_AFTER = 900
"""Seconds after which somebody is asked about again."""

blueprint = Blueprint("archipel_sign_in", __name__)


def _here(path: str) -> str:
    return str(toolkit.config["ckan.site_url"]).rstrip("/") + path


def _local(to: str) -> str:
    return to if to.startswith("/") and toolkit.h.url_is_local(to) and "//" not in to and "\\" not in to else "/"


@blueprint.route("/user/sign-in")
def begin() -> Any:
    """Send a browser to Keycloak."""
    verifier = secrets.token_urlsafe(48)
    begun = {"state": secrets.token_urlsafe(32), "nonce": secrets.token_urlsafe(32), "verifier": verifier}
    session[_BEGUN] = {**begun, "to": _local(toolkit.request.args.get("to", ""))}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": CLIENT,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": _here("/user/signed-in"),
        "state": begun["state"],
        "nonce": begun["nonce"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "ui_locales": toolkit.h.lang(),
    }
    return toolkit.redirect_to(f"{address('issuer', 'auth')}?{urlencode(asked)}")


@blueprint.route("/user/signed-in")
def finish() -> Any:
    """Take a browser back from Keycloak: somebody is signed in, or told why not."""
    begun, given = session.pop(_BEGUN, None) or {}, toolkit.request.args
    if not hmac.compare_digest(begun.get("state", "").encode(), given.get("state", "-").encode()):
        return toolkit.abort(400, _said("lost"))
    try:
        tokens = _redeem(given.get("code", ""), begun["verifier"])
        told = jwt.decode(tokens["id_token"], options={"verify_signature": False})
        person = _ask(tokens["access_token"])
    except (requests.RequestException, ValueError, KeyError, jwt.PyJWTError):
        return toolkit.abort(403, _said("refused"))
    expected = (begun["nonce"], CLIENT, toolkit.config["archipel.sign_in.issuer"], person.get("sub"))
    if (told.get("nonce"), told.get("aud"), told.get("iss"), told.get("sub")) != expected:
        return toolkit.abort(403, _said("refused"))
    if not isinstance(told.get("sid"), str):
        return toolkit.abort(403, _said("refused"))
    organisations = _organisations(person)
    if not organisations:
        return toolkit.abort(403, _said("organisation"))
    user = _account(person)
    if user is None:
        return toolkit.abort(403, _said("refused"))
    _give(user, organisations if EDITS in (person.get("roles") or ()) else set())
    regenerate_session()
    login_user(user)
    rotate_token()
    session[_KEY] = {"at": time.time(), "identity": tokens["id_token"], "issuer_session": told["sid"]}
    return toolkit.redirect_to(begun["to"])


@blueprint.before_app_request
def ask_again() -> Any:
    """Leave those whose session Keycloak has ended, and have it asked again about others from time to time.

    A browser that is signed in there sees nothing of that.
    """
    kept = session.get(_KEY) if is_on() else None
    if kept is None or toolkit.request.endpoint in ("static", "archipel_sign_in.begin", "archipel_sign_in.finish"):
        return None
    age, is_read = time.time() - kept["at"], toolkit.request.method in ("GET", "HEAD")
    try:
        if "issuer_session" not in kept or has_ended(kept["issuer_session"]):
            _forget()
            return toolkit.redirect_to(_local(toolkit.request.full_path) if is_read else "/")
    except RedisError:
        return toolkit.abort(503, _said("silent"))
    if age < _ASK_AFTER or (age < LONGEST_SESSION and not is_read):
        return None
    _forget()
    return toolkit.redirect_to("archipel_sign_in.begin", to=toolkit.request.full_path if is_read else "/")


def leave() -> Any:
    """End the session here and lead on to where it ends at Keycloak; nothing for those who came otherwise."""
    kept = session.get(_KEY)
    if kept is None:
        return None
    _forget()
    told = {"id_token_hint": kept["identity"], "client_id": CLIENT, "post_logout_redirect_uri": _here("/")}
    return toolkit.redirect_to(f"{address('issuer', 'logout')}?{urlencode(told)}")


def _forget() -> None:
    session.pop(_KEY, None)
    logout_user()


def _redeem(code: str, verifier: str) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "client_id": CLIENT, "code": code, "code_verifier": verifier}
    form["redirect_uri"] = _here("/user/signed-in")
    answer = requests.post(address("server", "token"), data=form, timeout=TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _ask(access: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {access}"}
    answer = requests.get(address("server", "userinfo"), headers=headers, timeout=TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _organisations(person: dict[str, Any]) -> set[str]:
    """Names of the catalogue's organisations that somebody belongs to, told by name and SIREN together."""
    found = set()
    for name, told in (person.get("memberships") or {}).items():
        known = model.Group.get(name)
        siren = known.extras.get("siren") if known and known.is_organization and known.state == "active" else None
        if siren and isinstance(told, dict) and told.get("siren") == [siren]:
            found.add(name)
    return found


def _account(person: dict[str, Any]) -> Any:
    """The account of somebody, made at the first time, without their address; nothing where it was shut here."""
    name = f"personne-{hashlib.sha256(str(person['sub']).encode()).hexdigest()[:32]}"
    fullname = str(person.get("name") or name)[:120]
    user = model.User.get(name)
    if user is None:
        secret = secrets.token_urlsafe(48)
        told = {"name": name, "fullname": fullname, "email": f"{name}@compte.invalid", "password": secret}
        toolkit.get_action("user_create")(_as_site(), told)
        user = model.User.get(name)
    elif user.fullname != fullname and user.is_active:
        toolkit.get_action("user_patch")(_as_site(), {"id": name, "fullname": fullname})
    return user if user.is_active and not user.sysadmin else None


def _give(user: Any, wanted: set[str]) -> None:
    """Make somebody the editor of these organisations and of no others."""
    held = {group.name: user for group in user.get_groups("organization")}
    for name in held.keys() - wanted:
        toolkit.get_action("organization_member_delete")(_as_site(), {"id": name, "username": user.name})
    for name in wanted:
        told = {"id": name, "username": user.name, "role": "editor"}
        toolkit.get_action("organization_member_create")(_as_site(), told)


def _as_site() -> dict[str, Any]:
    site = toolkit.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": site["name"], "ignore_auth": True}


_SAID = {
    "lost": (
        "Cette connexion n'a pas été commencée dans ce navigateur, ou il y a trop longtemps : recommencez.",
        "This sign-in was not begun in this browser, or too long ago: start again.",
    ),
    "refused": (
        "La connexion n'a pas abouti : le service d'identité ne la reconnaît pas. Recommencez.",
        "The sign-in did not succeed: the identity service does not know it. Start again.",
    ),
    "silent": (
        "Personne ne peut dire en ce moment si votre session vaut encore : réessayez dans un instant. Sans connexion, "
        "le catalogue se lit comme d'habitude.",
        "Nobody can say just now whether your session still holds: try again in a moment. Without signing in the "
        "catalogue is read as always.",
    ),
    "organisation": (
        "Votre compte n'appartient à aucun organisme qui publie dans ce catalogue ; la fédération peut l'y rattacher.",
        "Your account belongs to no organisation that publishes in this catalogue; the federation can attach it.",
    ),
}


def _said(what: str) -> str:
    return _SAID[what][0 if toolkit.h.lang() == "fr" else 1]
