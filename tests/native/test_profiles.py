"""Which services start, in which order, and that adding one is complete."""

import pytest

from governance.settings import Settings
from infra.native.profiles import PROFILES
from infra.native.service import StartFailed
from infra.native.services.console import platform_environment

FULL = PROFILES["full"]


def test_a_service_comes_with_all_that_it_needs_before_it() -> None:
    names = [service.name for service in FULL.chosen(["ckan"])]
    assert names == ["postgresql", "redis", "solr", "ckan"]


def test_no_name_means_all_of_them() -> None:
    assert FULL.chosen([]) == FULL.services


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(StartFailed, match="'oracle'.*postgresql"):
        FULL.chosen(["oracle"])


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_what_a_service_needs_stands_before_it(name: str) -> None:
    services = PROFILES[name].services  # type: ignore[index]
    there, seen = {service.name for service in services}, set[str]()
    for service in services:
        assert set(service.needs) & there <= seen, service.name
        assert service.name not in seen
        seen.add(service.name)


def test_every_port_is_a_setting_of_its_own() -> None:
    fields = [service.port for service in FULL.services if service.port]
    ports = [service.port_of(Settings()) for service in FULL.services if service.port]
    assert set(fields) <= set(Settings.model_fields)
    assert len(set(ports)) == len(ports)


def test_everything_of_the_embedded_profile_is_in_the_full_one() -> None:
    assert set(PROFILES["embedded"].services) <= set(FULL.services)


def test_the_full_profile_publishes_to_its_own_ckan_unless_another_is_named() -> None:
    assert FULL.adapt(Settings(ckan_port=9999)).ckan_url == "http://127.0.0.1:9999"
    assert FULL.adapt(Settings(ckan_url="https://ckan.example")).ckan_url == "https://ckan.example"
    assert PROFILES["embedded"].adapt(Settings()).ckan_url is None


def test_the_full_profile_takes_tokens_of_its_own_keycloak_unless_another_issuer_is_named() -> None:
    beside = FULL.adapt(Settings(keycloak_port=9998, front_port=9997))
    assert beside.token_issuer == "https://127.0.0.1:9997/realms/archipel"
    assert beside.token_jwks_url == "http://127.0.0.1:9998/realms/archipel/protocol/openid-connect/certs"
    other = FULL.adapt(Settings(keycloak_url="https://identite.example"))
    assert other.token_issuer == "https://identite.example/realms/archipel"
    named = Settings(token_issuer="https://ailleurs.example", token_jwks_url="https://ailleurs.example/keys")
    assert FULL.adapt(named).token_issuer == "https://ailleurs.example"
    assert PROFILES["embedded"].adapt(Settings()).token_jwks_url is None


def test_a_secret_is_not_handed_down_as_its_own_mask() -> None:
    told = platform_environment(
        Settings.model_validate(
            {"ckan_token": "a-token", "pseudonym_key": "a-key", "keycloak_admin_password": "a-word"}
        )
    )
    assert not {"ARCHIPEL_CKAN_TOKEN", "ARCHIPEL_PSEUDONYM_KEY", "ARCHIPEL_KEYCLOAK_ADMIN_PASSWORD"} & set(told)


@pytest.mark.parametrize(
    ("settings", "is_local"),
    [
        ({}, True),
        ({"public_url": "https://localhost:8716"}, True),
        ({"public_url": "https://[::1]:8716"}, True),
        ({"public_url": "https://donnees.agglo.example"}, False),
        ({"public_url": "https://127.0.0.1.agglo.example"}, False),
        ({"public_url": "nothing that can be read"}, False),
        ({"front_host": "0.0.0.0"}, False),
        ({"host": "192.0.2.7"}, False),
    ],
)
def test_officers_pages_are_for_this_machine_as_long_as_nobody_else_can_reach_it(
    settings: dict[str, str], is_local: bool
) -> None:
    assert FULL.adapt(Settings.model_validate(settings)).is_local is is_local
