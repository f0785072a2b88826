"""The account of Keycloak that the realm is applied with, and how its refusals are said."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from keycloak import KeycloakAdmin, KeycloakOpenID, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakError

from governance.deadlines import TimedAdapter
from governance.identity.refused import KeycloakRefused
from governance.settings import Settings

ADMINISTRATOR = "archipel-administration"
"""Account of the master realm that the platform administers its realm with."""
PASSWORD_NAME = "keycloak_admin"  # noqa: S105 - kept because this is a file's name, not a secret
"""File of the password that ``make services-up`` made, in the state folder's ``keys``."""
_TIMEOUT_SECONDS = 60
"""Longest wait for a whole answer: a realm is large."""

_O = TypeVar("_O", KeycloakOpenID, KeycloakOpenIDConnection)


def answers_in_time(asking: _O) -> _O:
    """Return the library's object with connections whose answers have its timeout as a whole, asked once."""
    connection = asking.connection if isinstance(asking, KeycloakOpenID) else asking
    for protocol in ("http://", "https://"):
        connection._s.mount(protocol, TimedAdapter())
    return asking


def _password(settings: Settings) -> str:
    if settings.keycloak_admin_password is not None:
        return settings.keycloak_admin_password.get_secret_value()
    kept = settings.state_dir / "keys" / PASSWORD_NAME
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    raise KeycloakRefused(
        f"There is no password for Keycloak's account {ADMINISTRATOR}: give it as ARCHIPEL_KEYCLOAK_ADMIN_PASSWORD, "
        "or let `make services-up` make one."
    )


@contextmanager
def refusals_in_words(what: str) -> Iterator[None]:
    """Turn whatever Keycloak or the way to it refuses into one sentence.

    Raises:
        KeycloakRefused: with what was asked and what was answered.
    """
    try:
        yield
    except KeycloakError as error:
        raise KeycloakRefused(f"Keycloak, {what}: {error}") from error


def open_account(settings: Settings) -> KeycloakAdmin:
    """Return the administration interface, signed in and turned to the platform's realm.

    Raises:
        KeycloakRefused: the settings name no Keycloak, or it does not let the account in.
    """
    if settings.keycloak_url is None:
        raise KeycloakRefused("No Keycloak is named: set ARCHIPEL_KEYCLOAK_URL, as in http://127.0.0.1:8714")
    connection = answers_in_time(
        KeycloakOpenIDConnection(
            server_url=settings.keycloak_url,
            username=ADMINISTRATOR,
            password=_password(settings),
            realm_name=settings.keycloak_realm,
            user_realm_name="master",
            client_id="admin-cli",
            timeout=_TIMEOUT_SECONDS,
        )
    )
    answers_in_time(connection.keycloak_openid)
    with refusals_in_words(f"sign in as {ADMINISTRATOR} at {settings.keycloak_url}"):
        connection.get_token()
    return KeycloakAdmin(connection=connection)
