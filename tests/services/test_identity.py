"""The realm in a real Keycloak, and what the feeds API makes of its tokens and of everybody else's."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from keycloak import KeycloakAdmin

from governance.api.app import create_app
from governance.federation import load_federation
from governance.identity import keys
from governance.identity.issuer import DevelopmentIssuer
from governance.identity.keycloak.account import open_account
from governance.identity.keycloak.declarations import apply_declarations
from governance.identity.keycloak.desired import machine_of
from governance.identity.keycloak.partner_token import client_secret, fetch_token
from governance.identity.refused import KeycloakRefused
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.pipeline.engine import with_policy_engine
from governance.platform import open_platform
from governance.settings import Settings
from infra.native.profiles import PROFILES
from tests.api.small_platform import (
    ENERGIE,
    SIGNALEMENTS,
    SUBVENTIONS,
    InProcess,
    write_federation,
    write_shared,
)  # fmt: skip
from tests.decisions.engine import free_port
from tests.services.stack import Stack, new_stack

pytestmark = pytest.mark.services
FEED = "/v1/feeds/consommation_energie?format=json&purpose=dpv:ResearchAndDevelopment"


@dataclass(frozen=True)
class Known:
    """A key whose private half the test knows, published by Keycloak beside its own."""

    private: rsa.RSAPrivateKey
    id: str

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.id})


@dataclass(frozen=True)
class World:
    """The small federation, its realm in Keycloak, and its feeds API."""

    settings: Settings
    admin: KeycloakAdmin
    api: InProcess

    def token(self, partner: str = "exemple-startup") -> str:
        federation = load_federation(self.settings.federation_dir)
        return fetch_token(self.settings, federation.partners[partner])[0]

    def ask(self, token: str) -> httpx.Response:
        return self.api.get(FEED, headers={"Authorization": f"Bearer {token}"})

    def told_and_kept(self, token: str) -> tuple[int, str, list[str]]:
        """Status and reason of the answer, and the reasons of the journal's newest refusal of a token."""
        answer = self.ask(token)
        # Repetitions within a minute are told together; here each is looked at by itself.
        self.api.app.state.gate.refused.write_over(everything=True)
        (entry,) = Journal.from_settings(self.settings).search(Search(kind="access", limit=1))
        assert entry.target == FEED.partition("?")[0]
        return answer.status_code, answer.json()["reasons"][0]["code"], entry.fields["reasons"]

    def publish_key(self, priority: int) -> Known:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode()
        config = {"priority": [str(priority)], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
        realm = self.admin.get_realm(self.settings.keycloak_realm)["id"]
        component = {"name": "essai", "providerId": "rsa", "providerType": "org.keycloak.keys.KeyProvider"}
        self.admin.create_component({**component, "parentId": realm, "config": {**config, "privateKey": [pem]}})
        modulus = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)["n"]
        published = httpx.get(str(self.settings.token_jwks_url)).json()["keys"]
        (key_id,) = [key["kid"] for key in published if key["n"] == modulus]
        return Known(private, key_id)

    def withdraw_keys(self) -> None:
        for component in self.admin.get_components({"type": "org.keycloak.keys.KeyProvider"}):
            if component["name"] == "essai":
                self.admin.delete_component(component["id"])


@pytest.fixture(scope="module")
def identity() -> Iterator[Stack]:
    """PostgreSQL and Keycloak, with the realm of the project's own declarations."""
    with new_stack() as made:
        done = made.native("up", "keycloak")
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


def _settings(identity: Stack, root: Path) -> Settings:
    password = (identity.state / "keys" / "keycloak_admin").read_text(encoding="utf-8")
    values = {"federation_dir": root / "federation", "state_dir": root / "state", "keycloak_realm": "essai"}
    values |= {"database_url": f"sqlite:///{root / 'state' / 'state.sqlite'}"}
    ports = {"keycloak_port": identity.ports["KEYCLOAK"], "opa_port": free_port()}
    return PROFILES["full"].adapt(
        Settings.model_validate({**values, **ports, "keycloak_admin_password": password, "ckan_url": None})
    )


@pytest.fixture
def world(identity: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # A real flood of unknown keys is held back for half a minute; a test would only wait.
    monkeypatch.setattr(keys, "_REFETCH_AFTER_SECONDS", 0.0)
    write_federation(tmp_path / "federation")
    settings = _settings(identity, tmp_path)
    apply_declarations(settings)
    with with_policy_engine(settings) as settings:
        platform = open_platform(settings)
        write_shared(platform, subventions=SUBVENTIONS, consommation_energie=ENERGIE, signalements=SIGNALEMENTS)
        yield World(settings, open_account(settings), InProcess(create_app(platform)))
    open_account(settings).delete_realm(settings.keycloak_realm)


def test_a_partner_gets_the_rows_of_its_agreement_and_no_others(world: World) -> None:
    answer = world.ask(world.token())
    assert answer.status_code == 200, answer.text
    assert {(row["batiment_type"], row["commune_insee"]) for row in answer.json()} >= {
        ("école", "44052"),
        ("mairie", "44052"),
    }
    assert not {row["batiment_type"] for row in answer.json()} & {"logement"}
    assert {row["commune_insee"] for row in answer.json()} == {"44052"}
    assert world.ask(world.token("exemple-region")).status_code == 403


def _administrators_token(world: World) -> str:
    given = world.admin.connection.token
    assert given is not None
    return str(given["access_token"])


def test_each_wrong_token_is_refused_with_its_reason_and_written_down(world: World) -> None:
    known = world.publish_key(priority=1)
    token = world.token()
    good = jwt.decode(token, options={"verify_signature": False})
    assert world.ask(known.sign(good)).status_code == 200  # so that what follows is refused for its one difference
    head, body, signature = token.split(".")
    other = jwt.encode({**good, "org": "000000026"}, "", algorithm="none").split(".")[1]
    now = int(time.time())
    wrong = {
        "altered": (f"{head}.{other}.{signature}", "token_forged"),
        "unsigned": (jwt.encode(good, "", algorithm="none"), "token_algorithm_refused"),
        "signed with a shared secret": (jwt.encode(good, "secret" * 8, algorithm="HS256"), "token_algorithm_refused"),
        "expired": (known.sign({**good, "iat": now - 900, "exp": now - 600}), "token_expired"),
        "foreign issuer": (known.sign({**good, "iss": "https://ailleurs.example"}), "token_wrong_issuer"),
        "wrong audience": (known.sign({**good, "aud": "archipel-console"}), "token_wrong_audience"),
        "identity token": (known.sign({**good, "typ": "ID"}), "token_wrong_kind"),
        "no organisation": (known.sign({**good, "org": None}), "token_without_organisation"),
        "another realm's": (_administrators_token(world), "token_key_unknown"),
        "cut": (body, "token_malformed"),
    }
    found = {name: world.told_and_kept(token) for name, (token, _) in wrong.items()}
    assert found == {name: (401, code, [code]) for name, (_, code) in wrong.items()}


def test_a_development_token_is_refused_beside_keycloak(world: World, tmp_path: Path) -> None:
    laptop = Settings(state_dir=tmp_path / "laptop")
    startup = load_federation(world.settings.federation_dir).partners["exemple-startup"]
    minted = DevelopmentIssuer(laptop).mint(startup)
    assert world.told_and_kept(minted) == (401, "token_key_unknown", ["token_key_unknown"])


def test_a_machine_gets_no_refresh_token_and_its_identity_token_opens_nothing(world: World) -> None:
    form = {"grant_type": "client_credentials", "scope": "openid", "client_id": machine_of("exemple-startup")}
    form["client_secret"] = client_secret(world.settings, "exemple-startup")
    given = httpx.post(f"{world.settings.keycloak_url}/realms/essai/protocol/openid-connect/token", data=form).json()
    assert "refresh_token" not in given
    assert world.ask(given["access_token"]).status_code == 200
    assert world.told_and_kept(given["id_token"])[0] == 401


def test_a_new_key_is_taken_up_and_a_withdrawn_one_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.token()
    assert world.ask(before).status_code == 200
    new = world.publish_key(priority=200)
    after = world.token()
    assert jwt.get_unverified_header(after)["kid"] == new.id != jwt.get_unverified_header(before)["kid"]
    assert [world.ask(token).status_code for token in (after, before)] == [200, 200]
    world.withdraw_keys()
    monkeypatch.setattr(keys, "_KEEP_SECONDS", 0.0)
    assert world.told_and_kept(after)[1] == "token_key_unknown"
    assert world.ask(world.token()).status_code == 200


def _writes_seen(world: World) -> int:
    """Keycloak's own count of what was changed in the realm."""
    return len(world.admin.get_admin_events({"max": 1000}))


def test_a_second_run_writes_nothing_and_keycloak_says_so_too(world: World) -> None:
    seen = _writes_seen(world)
    assert apply_declarations(world.settings) == []
    assert _writes_seen(world) == seen > 0


def test_what_somebody_changed_is_put_back_and_a_rehearsal_only_says_so(world: World) -> None:
    client = world.admin.get_client_id(machine_of("exemple-startup"))
    assert client
    claim = {"protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper"}
    config = {"claim.name": "org", "claim.value": "244400644", "jsonType.label": "String", "access.token.claim": "true"}
    world.admin.add_mapper_to_client(client, {"name": "autre", **claim, "config": config})
    world.admin.update_client(client, {"directAccessGrantsEnabled": True})
    world.admin.update_realm("essai", {"bruteForceProtected": False})
    rehearsed = apply_declarations(world.settings, dry_run=True)
    assert {(change.action, change.kind, change.name) for change in rehearsed} == {
        ("update", "realm", "essai"),
        ("update", "client", "machine-exemple-startup"),
        ("remove", "claim", "machine-exemple-startup/autre"),
    }
    assert apply_declarations(world.settings) == rehearsed
    assert apply_declarations(world.settings) == []
    assert jwt.decode(world.token(), options={"verify_signature": False})["org"] == "000000042"


def test_what_people_made_by_hand_stays(world: World) -> None:
    user = world.admin.create_user({"username": "marie", "email": "marie@agglo.example", "enabled": True})
    before = world.admin.get_user(user)
    world.admin.create_organization({"name": "À la main", "alias": "a-la-main", "enabled": True})
    world.admin.create_client({"clientId": "a-la-main", "enabled": True})
    (world.settings.federation_dir / "partners" / "exemple-region.yaml").unlink()
    apply_declarations(world.settings)
    assert world.admin.get_user(user) == before
    found = {each["alias"]: each["enabled"] for each in world.admin.get_organizations({"max": 100})}
    assert found["a-la-main"] is True
    client = world.admin.get_client_id("a-la-main")
    assert client and world.admin.get_client(client)["enabled"] is True


def test_the_consoles_token_names_the_organisation_and_roles_of_a_person_and_is_not_for_feeds(world: World) -> None:
    admin = world.admin
    user = admin.create_user({"username": "marie", "email": "marie@agglo.example", "enabled": True})
    (donges,) = [each for each in admin.get_organizations({"max": 100}) if each["alias"] == "donges"]
    admin.organization_user_add(user, donges["id"])
    admin.assign_realm_roles(user, [admin.get_realm_role("contributor")])
    client = f"admin/realms/essai/clients/{admin.get_client_id('archipel-console')}"
    example = f"{client}/evaluate-scopes/generate-example-access-token"
    claims = admin.connection.raw_get(example, userId=user, scope="openid").json()
    assert claims["memberships"]["donges"]["siren"] == ["214400525"]
    assert "contributor" in claims["roles"]
    known = world.publish_key(priority=1)
    assert world.told_and_kept(known.sign(claims)) == (401, "token_wrong_audience", ["token_wrong_audience"])


def test_a_partner_that_is_no_longer_declared_is_refused_a_token_and_comes_back(world: World) -> None:
    startup = load_federation(world.settings.federation_dir).partners["exemple-startup"]
    path = world.settings.federation_dir / "partners" / "exemple-startup.yaml"
    declared = path.read_text(encoding="utf-8")
    secret = client_secret(world.settings, startup.id)
    path.unlink()
    done = {(change.action, change.kind, change.name) for change in apply_declarations(world.settings)}
    assert done == {
        ("disable", "organisation", "exemple-startup"),
        ("disable", "client", "machine-exemple-startup"),
    }
    with pytest.raises(KeycloakRefused, match="token of exemple-startup"):
        fetch_token(world.settings, startup)
    assert apply_declarations(world.settings) == []
    path.write_text(declared, encoding="utf-8")
    assert {change.action for change in apply_declarations(world.settings)} == {"update"}
    assert client_secret(world.settings, startup.id) == secret
    assert world.ask(world.token()).status_code == 200


def test_the_commands_speak_to_the_realm_that_the_profile_made(
    identity: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Said here because a start without the console settles nothing for the commands that follow.
    ports = {f"{name.lower()}_port": port for name, port in identity.ports.items()}
    settled = PROFILES["full"].adapt(Settings.model_validate({"state_dir": identity.state, **ports}))
    for name in ("keycloak_url", "public_url", "token_issuer", "token_jwks_url"):
        monkeypatch.setenv(f"ARCHIPEL_{name.upper()}", str(getattr(settled, name)))
    archipel = identity.archipel
    applied = archipel("identity", "apply", "--json", "--dry-run")
    assert applied.returncode == 0, applied.stderr
    assert json.loads(applied.stdout)["writes"] == 0, applied.stdout
    told = json.loads(archipel("token", "exemple-startup", "--json").stdout)
    assert jwt.decode(told["token"], options={"verify_signature": False})["org"] == told["siren"] == "000000042"
    member = archipel("token", "donges")
    assert member.returncode == 2
    assert "only partners have machines" in member.stderr
