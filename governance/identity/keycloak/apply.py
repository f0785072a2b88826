"""Bring a realm to what the declarations want: write what differs, and nothing else.

What vanished from the declarations is disabled, never deleted. Users are neither read nor written. What somebody
made by hand bears no mark of ours and stays, except claims added to a machine's tokens: they could give it another
organisation's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakGetError

from governance.identity.keycloak.account import refusals_in_words
from governance.identity.keycloak.desired import OWNER, PARTNER, Desired, Representation

_ALL = {"first": 0, "max": 100_000, "briefRepresentation": False}
_MACHINE_SCOPES = ["basic"]
"""Only `sub` and the dates of the built-in claims: what else a machine's token says is in its own mappers."""
_CONSOLE_SCOPES = ["basic", "acr", "profile", "email", "organization"]
"""Without the last, Keycloak leaves a person's organisation out of the token, whatever the mappers say."""


@dataclass(frozen=True)
class Change:
    """One write: what was done to what kind of thing, and its name."""

    action: str
    kind: str
    name: str


@dataclass
class Writer:
    """Makes each write, or only notes it on a rehearsal."""

    dry_run: bool
    changes: list[Change] = field(default_factory=list)

    def write(self, change: Change, make: Callable[[], Any]) -> None:
        """Note a change and make it.

        Raises:
            KeycloakRefused: Keycloak did not take it.
        """
        self.changes.append(change)
        if not self.dry_run:
            with refusals_in_words(f"{change.action} {change.kind} {change.name}"):
                make()


def _holds(found: Any, wanted: Any) -> bool:
    """Whether everything wanted is in what was found; Keycloak adds fields of its own, and keeps lists in any order."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_holds(found.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and sorted(map(str, found)) == sorted(map(str, wanted))
    return bool(found == wanted)


def _merged(found: Representation, wanted: Representation) -> dict[str, Any]:
    """Return what was found with what is wanted in it."""
    both = dict(found)
    for name, value in wanted.items():
        known = found.get(name)
        both[name] = _merged(known, value) if isinstance(value, Mapping) and isinstance(known, Mapping) else value
    return both


@dataclass(frozen=True)
class _Realm:
    """One realm while it is brought in step."""

    admin: KeycloakAdmin
    desired: Desired
    writer: Writer
    exists: bool

    def roles(self) -> None:
        found = {role["name"]: role for role in self.admin.get_realm_roles()} if self.exists else {}
        for name, wanted in self.desired.roles.items():
            if name not in found:
                self._write("create", "role", name, partial(self.admin.create_realm_role, dict(wanted)))
            elif not _holds(found[name], wanted):
                content = _merged(found[name], wanted)
                self._write("update", "role", name, partial(self.admin.update_realm_role, name, content))

    def organisations(self) -> None:
        listed = self.admin.get_organizations(_ALL) if self.exists else []
        found = {each["alias"]: each for each in listed}
        for alias, wanted in self.desired.organisations.items():
            if alias not in found:
                self._write("create", "organisation", alias, partial(self.admin.create_organization, dict(wanted)))
            elif not _holds(found[alias], wanted):
                self._update_organisation("update", _merged(found[alias], wanted))
        for alias, known in found.items():
            ours = OWNER in known.get("attributes", {})
            if ours and known["enabled"] and alias not in self.desired.organisations:
                self._update_organisation("disable", {**known, "enabled": False})

    def _update_organisation(self, action: str, content: dict[str, Any]) -> None:
        self._write(
            action, "organisation", content["alias"], lambda: self.admin.update_organization(content["id"], content)
        )

    def clients(self) -> None:
        found = {each["clientId"]: each for each in self.admin.get_clients()} if self.exists else {}
        for name, wanted in self.desired.clients.items():
            if name not in found:
                self._create_client(name, wanted)
                continue
            if not _holds(found[name], wanted):
                self._update_client("update", _merged(found[name], wanted))
            self._mappers(name, found[name])
        for name, known in found.items():
            ours = PARTNER in known.get("attributes", {})
            if ours and known["enabled"] and name not in self.desired.clients:
                self._update_client("disable", {**known, "enabled": False})

    def _create_client(self, name: str, wanted: Representation) -> None:
        mappers = [{"name": key, **mapper} for key, mapper in self.desired.mappers[name].items()]
        # Keycloak reads a client's scopes when it is made, and ignores them in an update.
        scopes = _MACHINE_SCOPES if wanted["serviceAccountsEnabled"] else _CONSOLE_SCOPES
        content = {**wanted, "defaultClientScopes": scopes, "optionalClientScopes": [], "protocolMappers": mappers}
        self._write("create", "client", name, lambda: self.admin.create_client(content))

    def _update_client(self, action: str, content: dict[str, Any]) -> None:
        self._write(action, "client", content["clientId"], lambda: self.admin.update_client(content["id"], content))

    def _mappers(self, client: str, known: Representation) -> None:
        found = {mapper["name"]: mapper for mapper in known.get("protocolMappers", [])}
        wanted = self.desired.mappers[client]
        for name in found.keys() | wanted.keys():
            self._mapper(known["id"], f"{client}/{name}", name, found.get(name), wanted.get(name))

    def _mapper(
        self, client: str, told: str, name: str, found: Representation | None, wanted: Representation | None
    ) -> None:
        admin = self.admin
        if wanted is None and found is not None:
            self._write("remove", "claim", told, lambda: admin.remove_client_mapper(client, found["id"]))
        elif found is None and wanted is not None:
            content = {"name": name, **wanted}
            self._write("create", "claim", told, lambda: admin.add_mapper_to_client(client, content))
        elif found is not None and wanted is not None and not _holds(found, wanted):
            changed = _merged(found, wanted)
            self._write("update", "claim", told, lambda: admin.update_client_mapper(client, found["id"], changed))

    def _write(self, action: str, kind: str, name: str, make: Callable[[], Any]) -> None:
        self.writer.write(Change(action, kind, name), make)


def _apply_settings(admin: KeycloakAdmin, wanted: Representation, writer: Writer) -> bool:
    """Make the realm or mend its settings; says whether there is one to look into."""
    name = wanted["realm"]
    try:
        found = admin.get_realm(name)
    except KeycloakGetError as error:
        if error.response_code != 404:
            raise
        writer.write(Change("create", "realm", name), lambda: admin.create_realm(dict(wanted)))
        return not writer.dry_run
    if not _holds(found, wanted):
        writer.write(Change("update", "realm", name), lambda: admin.update_realm(name, _merged(found, wanted)))
    return True


def apply_realm(admin: KeycloakAdmin, desired: Desired, dry_run: bool = False) -> list[Change]:
    """Bring the realm in step and return every write that was made; on a rehearsal, that would be.

    Raises:
        KeycloakRefused: Keycloak did not answer or did not take a write; those before it stand, and a second run
            goes on from there.
    """
    writer = Writer(dry_run)
    with refusals_in_words(f"read realm {desired.realm['realm']}"):
        exists = _apply_settings(admin, desired.realm, writer)
        realm = _Realm(admin, desired, writer, exists)
        realm.roles()
        realm.organisations()
        realm.clients()
    return writer.changes
