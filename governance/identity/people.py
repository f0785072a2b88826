"""Who somebody is who signed in: what Keycloak's access token says, for the organisations that are declared."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from governance.federation import Federation
from governance.identity.refusals import TokenError
from governance.identity.tokens import strings_of


class Person(BaseModel):
    """Somebody signed in, as the issuer knows them now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """The issuer's own id of the account; no name and no address."""
    name: str
    """As the pages greet them; the journal does not have it."""
    organisations: tuple[str, ...]
    """Ids of declared members and partners; never empty."""
    roles: tuple[str, ...]

    def has_one_of(self, roles: tuple[str, ...]) -> bool:
        """Whether one of the roles is theirs."""
        return not set(roles).isdisjoint(self.roles)


def person_of(claims: Mapping[str, Any], federation: Federation) -> Person:
    """Return the person of an access token whose signature, issuer, audience and dates were checked.

    An organisation counts where its SIREN is that of a declared one of the same id: somebody who administers Keycloak
    by hand must not give a member's name to another.

    Raises:
        TokenError: it is no access token, or speaks for no declared organisation.
    """
    if claims.get("typ") != "Bearer":
        raise TokenError("token_wrong_kind")
    memberships = claims.get("memberships")
    found = []
    for alias, told in memberships.items() if isinstance(memberships, Mapping) else ():
        known = federation.organisations.get(alias)
        if known is not None and isinstance(told, Mapping) and told.get("siren") == [known.siren]:
            found.append(known.id)
    if not found:
        raise TokenError("token_without_organisation")
    name = claims.get("name") or claims.get("preferred_username") or ""
    return Person(
        id=claims["sub"],
        name=name[:120] if isinstance(name, str) else "",
        organisations=tuple(sorted(found)),
        roles=strings_of(claims.get("roles")),
    )
