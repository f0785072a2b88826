"""Which services make the platform on a laptop, which make it whole, and in which order they start."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from governance.settings import Settings
from infra.native.service import Service, StartFailed
from infra.native.services.airflow import AIRFLOW_API, AIRFLOW_DAG_PROCESSOR, AIRFLOW_SCHEDULER, airflow_address
from infra.native.services.ckan import CKAN, ckan_address
from infra.native.services.console import CONSOLE
from infra.native.services.example_sites import EXAMPLE_SITES
from infra.native.services.front import FRONT, front_address, front_ckan_address
from infra.native.services.keycloak import KEYCLOAK, keycloak_address
from infra.native.services.opa import OPA
from infra.native.services.platform_state import state_address
from infra.native.services.postgresql import POSTGRESQL
from infra.native.services.redis import REDIS
from infra.native.services.solr import SOLR

ProfileName = Literal["embedded", "full"]

PLATFORM = (EXAMPLE_SITES, CONSOLE, AIRFLOW_API, AIRFLOW_SCHEDULER, AIRFLOW_DAG_PROCESSOR, OPA)
"""Ours and what we run in one environment: they share their settings."""


@dataclass(frozen=True)
class Profile:
    """Services in the order they start, and what the platform's settings become beside them."""

    services: tuple[Service, ...]
    adapt: Callable[[Settings], Settings]

    def chosen(self, names: Iterable[str]) -> tuple[Service, ...]:
        """Return the services of those names and all that they need, in order; all of them for no name.

        Raises:
            StartFailed: a name is unknown.
        """
        known = {service.name: service for service in self.services}
        ahead, wanted = list(names) or list(known), set[str]()
        while ahead:
            name = ahead.pop()
            if name not in known:
                raise StartFailed(f"There is no service {name!r}; there are: {', '.join(known)}")
            if name not in wanted:
                wanted.add(name)
                ahead += [needed for needed in known[name].needs if needed in known]
        return tuple(service for service in self.services if service.name in wanted)


def _beside_the_rest(settings: Settings) -> Settings:
    """Name the full profile's own servers, where the settings name no other."""
    keycloak_url = settings.keycloak_url or keycloak_address(settings)
    servers = {
        "ckan_url": settings.ckan_url or ckan_address(settings),
        "keycloak_url": keycloak_url,
        "public_url": settings.public_url or front_address(settings),
        "ckan_public_url": settings.ckan_public_url or front_ckan_address(settings),
        "database_url": settings.database_url or state_address(settings),
        "airflow_database_url": settings.airflow_database_url or airflow_address(settings),
    }
    if settings.token_jwks_url is None:
        realm = f"/realms/{settings.keycloak_realm}"
        # Its own Keycloak is reached by the front; another one by itself.
        issuer = keycloak_url if settings.keycloak_url else servers["public_url"]
        servers |= {"token_issuer": f"{issuer.rstrip('/')}{realm}"}
        servers |= {"token_jwks_url": f"{keycloak_url}{realm}/protocol/openid-connect/certs"}
    return settings.model_copy(update=servers)


PROFILES: dict[ProfileName, Profile] = {
    "embedded": Profile(PLATFORM, lambda settings: settings),
    "full": Profile((POSTGRESQL, REDIS, SOLR, CKAN, KEYCLOAK, *PLATFORM, FRONT), _beside_the_rest),
}
