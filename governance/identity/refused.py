"""The failure of whatever is asked of Keycloak; apart from its client, which is slow to import."""


class KeycloakRefused(RuntimeError):
    """Keycloak did not do what it was asked; the message says what, and what it answered."""
