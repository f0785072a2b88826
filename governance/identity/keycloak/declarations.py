"""From the folder of declarations to the realm, in one call: the command and the full profile make it."""

from governance.federation import load_federation
from governance.identity.keycloak.account import open_account
from governance.identity.keycloak.apply import Change, apply_realm
from governance.identity.keycloak.desired import desired_realm
from governance.settings import Settings


def apply_declarations(settings: Settings, dry_run: bool = False) -> list[Change]:
    """Bring the realm of the settings in step with their declarations, and return every write.

    Raises:
        DeclarationError: a declaration cannot be used.
        KeycloakRefused: Keycloak does not answer, or did not take a write.
    """
    federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
    return apply_realm(open_account(settings), desired_realm(federation, settings), dry_run)
