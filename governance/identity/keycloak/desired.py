"""What the realm must hold, as Keycloak's own representations: only the fields that are ours.

Who may read what is not here: it is the policy engine's, which reads agreements. Keycloak says who somebody is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.federation import Federation, Member, Partner
from governance.settings import Settings

Representation = Mapping[str, Any]
OWNER, PARTNER = "archipel", "archipel.partner"
"""Attributes that mark what the platform made, and which partner a client is a machine of: nothing else is touched."""
CONSOLE, AIRFLOW, CATALOGUE = "archipel-console", "archipel-airflow", "archipel-catalogue"
"""Clients that people sign in by, and audiences of their tokens: the feeds take none of them."""
ACCESS_TOKEN_SECONDS = 300
"""A token of somebody who was shut out works no longer than this."""
ROLES = {
    "contributor": "Dépose les fichiers d'un membre et corrige ce qui est refusé.",
    "officer": "Suit les jeux de données d'un membre et ses conventions.",
    "approver": "Accorde ou refuse les demandes d'accès.",
    "data-protection-officer": "Veille sur les données personnelles : registre, bases légales, journal.",
    "auditor": "Lit le journal et les décisions, sans rien modifier.",
    "operator": "Fait tourner la plateforme.",
    "partner": "Machine ou personne d'un partenaire.",
}


@dataclass(frozen=True)
class Desired:
    """The realm as the declarations want it; organisations by alias, clients by client id, mappers by name."""

    realm: Representation
    roles: Mapping[str, Representation]
    organisations: Mapping[str, Representation]
    clients: Mapping[str, Representation]
    mappers: Mapping[str, Mapping[str, Representation]]
    """Of each client: what stands in its tokens."""


def machine_of(partner_id: str) -> str:
    """Return the client id of a partner's machine."""
    return f"machine-{partner_id}"


@dataclass(frozen=True)
class Way:
    """One client that people sign in by, and the addresses to which Keycloak sends a browser back."""

    client: str
    name: str
    origin: str
    back: str
    """With a code."""
    left: tuple[str, ...]
    """After signing out; the first is where a browser goes that has no language."""
    told: str
    """Where Keycloak itself says that a session has ended."""


def ways_in(settings: Settings) -> dict[str, Way]:
    """Return the clients that people sign in by."""
    console, airflow = settings.public_address, f"http://{settings.host}:{settings.airflow_port}"
    left = tuple(f"{console}/{language}/" for language in ("fr", "en"))
    told = f"{_reached_by_keycloak(settings)}/back-channel-logout"
    left_airflow, told_airflow = (f"{airflow}/auth/signed-out",), f"{airflow}/auth/back-channel-logout"
    ways = [
        Way(CONSOLE, "Console", console, f"{console}/signed-in", left, told),
        Way(AIRFLOW, "Airflow", airflow, f"{airflow}/auth/signed-in", left_airflow, told_airflow),
    ]
    if ckan := (settings.ckan_public_url or settings.ckan_url or "").rstrip("/"):
        beside = (settings.ckan_url or ckan).rstrip("/") if _is_behind_the_front(settings) else ckan
        told = f"{beside}/user/back-channel-logout"
        ways.append(Way(CATALOGUE, "CKAN", ckan, f"{ckan}/user/signed-in", (f"{ckan}/",), told))
    return {way.client: way for way in ways}


def desired_realm(federation: Federation, settings: Settings) -> Desired:
    """Return what the realm of a federation must hold."""
    machines = {machine_of(partner.id): partner for partner in federation.partners.values()}
    return Desired(
        realm=_realm(federation, settings),
        roles={name: {"name": name, "description": text} for name, text in ROLES.items()},
        organisations={each.id: _organisation(each) for each in federation.organisations.values()},
        clients={
            **{name: _machine(name, partner) for name, partner in machines.items()},
            **{name: _of_people(way) for name, way in ways_in(settings).items()},
        },
        mappers={
            **{name: _machine_mappers(partner, settings) for name, partner in machines.items()},
            **{name: _mappers_of_people(name) for name in ways_in(settings)},
        },
    )


def _realm(federation: Federation, settings: Settings) -> Representation:
    return {
        "realm": settings.keycloak_realm,
        "enabled": True,
        "displayName": federation.head.name,
        "organizationsEnabled": True,
        "internationalizationEnabled": True,
        "supportedLocales": ["en", "fr"],
        "defaultLocale": "fr",
        "registrationAllowed": False,
        "bruteForceProtected": True,
        "failureFactor": 5,
        "waitIncrementSeconds": 60,
        "maxFailureWaitSeconds": 900,
        "passwordPolicy": "length(12) and notUsername",
        "defaultSignatureAlgorithm": "RS256",
        "accessTokenLifespan": ACCESS_TOKEN_SECONDS,
        "revokeRefreshToken": True,
        "ssoSessionIdleTimeout": 1800,
        "ssoSessionMaxLifespan": 36000,
        "eventsEnabled": True,
        "adminEventsEnabled": True,
        "attributes": {"frontendUrl": settings.public_address} if _is_behind_the_front(settings) else {},
    }


def _is_behind_the_front(settings: Settings) -> bool:
    """Whether this realm is reached under the platform's own address, by what its tokens shall bear as issuer."""
    return settings.token_issuer == f"{settings.public_address}/realms/{settings.keycloak_realm}"


def _reached_by_keycloak(settings: Settings) -> str:
    """Where Keycloak itself reaches the console: beside it, or under its public address."""
    if _is_behind_the_front(settings):
        return f"http://{settings.host}:{settings.console_port}"
    return settings.public_address


def _organisation(organisation: Member | Partner) -> Representation:
    kind = "partner" if isinstance(organisation, Partner) else "member"
    return {
        "alias": organisation.id,
        "name": organisation.name,
        "enabled": True,
        "attributes": {"siren": [organisation.siren], OWNER: [kind]},
    }


def _machine(name: str, partner: Partner) -> Representation:
    return {
        "clientId": name,
        "name": partner.name,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": False,
        "attributes": {PARTNER: partner.id},
    }


def _of_people(way: Way) -> Representation:
    return {
        "clientId": way.client,
        "name": way.name,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": True,
        "serviceAccountsEnabled": False,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        # The whole address: a pattern would let any page of the site receive a code (RFC 9700, 2.1).
        "redirectUris": [way.back],
        "webOrigins": [way.origin],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": "##".join(way.left),
            "backchannel.logout.url": way.told,
            # Each word of it names one session.
            "backchannel.logout.session.required": "true",
        },
    }


def _mapper(kind: str, **config: str) -> Representation:
    return {"protocol": "openid-connect", "protocolMapper": kind, "config": {"access.token.claim": "true", **config}}


def _audience(name: str) -> Representation:
    return _mapper("oidc-audience-mapper", **{"included.custom.audience": name, "id.token.claim": "false"})


def _fixed(claim: str, value: str, kind: str = "String") -> Representation:
    more = {"claim.name": claim, "claim.value": value, "jsonType.label": kind, "id.token.claim": "false"}
    return _mapper("oidc-hardcoded-claim-mapper", **more)


def _machine_mappers(partner: Partner, settings: Settings) -> Mapping[str, Representation]:
    """A machine is of one organisation for good: its claims are fixed, and no account of a user is changed for them."""
    return {
        "audience": _audience(settings.token_audience),
        "org": _fixed("org", partner.siren),
        "roles": _fixed("roles", '["partner"]', "JSON"),
        # A shared secret is the lowest level of assurance.
        "acr": _fixed("acr", "low"),
    }


def _mappers_of_people(client: str) -> Mapping[str, Representation]:
    # CKAN asks for them instead of reading them in a token.
    asked = {"userinfo.token.claim": "true"}
    # Not `organization`: the built-in scope writes bare aliases there.
    organisation = {"claim.name": "memberships", "jsonType.label": "JSON", "multivalued": "true", **asked}
    roles = {"claim.name": "roles", "jsonType.label": "String", "multivalued": "true", **asked}
    return {
        "audience": _audience(client),
        "organisation": _mapper(
            "oidc-organization-membership-mapper", **organisation, addOrganizationAttributes="true"
        ),
        "roles": _mapper("oidc-usermodel-realm-role-mapper", **roles),
    }
