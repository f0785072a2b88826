"""The two signed bundles that the engine decides by: the policies with the words of their reasons, and the facts.

Two, because they change for different reasons: an agreement every week, a rule of law every year. Which of the two
changed is seen at a glance in the version of a decision, ``<policies>+<data>``.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.decisions.bundle_names import ENGINE_PACKAGES, BundleName
from governance.decisions.facts import current_facts
from governance.decisions.opa_server import check_policies
from governance.decisions.reasons import Rule, load_rules
from governance.decisions.revisions import Revisions
from governance.decisions.signing import BundleKey, canonical
from governance.lake import is_content_of, write_if_changed
from governance.settings import Settings

ROOTS: Mapping[BundleName, tuple[str, ...]] = {"policies": ("archipel", "rules"), "data": ("facts",)}
_REVISION_DIGITS = 32


@dataclass(frozen=True)
class Bundle:
    """One signed archive; equal content and key give equal bytes.

    ``revision`` is the first 128 bits of the SHA-256 of the content, so that it names exactly what decided.
    """

    name: BundleName
    revision: str
    archive: bytes


def version_of(policies: str, data: str) -> str:
    """The version of a decision that rests on bundles of these revisions; the policy says the same."""
    return f"{policies}+{data}"


def _pack(name: BundleName, files: Mapping[str, bytes], key: BundleKey) -> Bundle:
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    revision = digest.hexdigest()[:_REVISION_DIGITS]
    manifest = canonical({"revision": revision, "roots": list(ROOTS[name]), "rego_version": 1})
    signed = {**files, ".manifest": manifest}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in sorted({**signed, ".signatures.json": key.sign(signed, name)}.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return Bundle(name, revision, gzip.compress(packed.getvalue(), mtime=0))


def _regos(policies: Path) -> Iterator[Path]:
    for path in sorted(policies.rglob("*.rego")):
        is_engines_own = path.relative_to(policies).parts[0] in ENGINE_PACKAGES
        if not path.name.endswith("_test.rego") and not is_engines_own:
            yield path


def policy_bundle(policies: Path, rules: tuple[Rule, ...], key: BundleKey) -> Bundle:
    """The bundle of the Rego under a folder, without tests and the engine's own rules, and of the reasons' words."""
    files = {str(path.relative_to(policies)): path.read_bytes() for path in _regos(policies)}
    files["data.json"] = canonical({"rules": {rule.code: rule.model_dump() for rule in rules}})
    return _pack("policies", files, key)


def data_bundle(facts: Mapping[str, Any], key: BundleKey) -> Bundle:
    """The bundle of the facts, as `policy_data` gives them."""
    return _pack("data", {"data.json": canonical(facts)}, key)


def bundle_path(settings: Settings, name: BundleName) -> Path:
    """Where the bundle in force lies."""
    return settings.state_dir / "policy" / f"{name}.tar.gz"


def revisions_of(settings: Settings) -> Revisions:
    """The order of this installation's versions."""
    return Revisions(settings.state_dir / "policy" / "revisions.json")


def put_bundles(settings: Settings, policies: Bundle, data: Bundle) -> str:
    """Put two bundles in force and return their version; an equal one is not written again."""
    for bundle in (policies, data):
        write_if_changed(bundle_path(settings, bundle.name), bundle.archive)
    version = version_of(policies.revision, data.revision)
    revisions_of(settings).record(version)
    return version


def write_bundles(settings: Settings, facts: Mapping[str, Any] | None = None) -> str:
    """Build the bundles of the declarations, put them in force, and return their version.

    ``facts``, as `policy_data` gives them, are put in the place of those that are declared.

    Raises:
        DeclarationError, ContractError: a declaration cannot be used; the bundles in force stay.
        PolicyEngineError: no OPA to read and check the policies with, or it would refuse them; likewise.
        SigningKeyError: the key for bundles is none.
    """
    key = BundleKey.from_settings(settings)
    policies = policy_bundle(settings.policies_dir, load_rules(settings.policies_dir), key)
    if not is_content_of(bundle_path(settings, "policies"), policies.archive):
        check_policies(settings.policies_dir)
    return put_bundles(settings, policies, data_bundle(facts or current_facts(settings), key))
