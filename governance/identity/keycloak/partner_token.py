"""A token of a partner's machine, as the machine itself gets one (OAuth 2.0, RFC 6749, 4.4)."""

from keycloak import KeycloakOpenID

from governance.federation import Member, Partner
from governance.identity.keycloak.account import open_account, refusals_in_words
from governance.identity.keycloak.desired import machine_of
from governance.identity.refused import KeycloakRefused
from governance.settings import Settings


def client_secret(settings: Settings, partner_id: str) -> str:
    """Return the secret of a partner's machine; Keycloak made it and keeps it, the platform stores it nowhere.

    Raises:
        KeycloakRefused: there is no such machine, or Keycloak does not answer.
    """
    admin, name = open_account(settings), machine_of(partner_id)
    with refusals_in_words(f"read the secret of {name}"):
        client = admin.get_client_id(name)
        if client is None:
            raise KeycloakRefused(f"Keycloak has no client {name}: `archipel identity apply` makes it.")
        return str(admin.get_client_secrets(client)["value"])


def fetch_token(settings: Settings, organisation: Member | Partner) -> tuple[str, int]:
    """Return an access token of a partner and how many seconds it is valid.

    Raises:
        KeycloakRefused: it is a member, which has no machine; or Keycloak refuses the machine.
    """
    if not isinstance(organisation, Partner):
        raise KeycloakRefused(f"{organisation.id} is a member: only partners have machines that ask for tokens.")
    client = KeycloakOpenID(
        server_url=str(settings.keycloak_url),
        realm_name=settings.keycloak_realm,
        client_id=machine_of(organisation.id),
        client_secret_key=client_secret(settings, organisation.id),
    )
    with refusals_in_words(f"token of {organisation.id}"):
        answer = client.token(grant_type="client_credentials")
    return str(answer["access_token"]), int(answer["expires_in"])
