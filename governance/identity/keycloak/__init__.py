"""The realm of the federation in Keycloak: what it must hold, and how it is brought there."""
