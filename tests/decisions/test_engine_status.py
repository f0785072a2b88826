"""Whether the engine decides by the version in force is told, and why not; and each version says what changed in it."""

import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from governance.commands import policy
from governance.decisions.bundle import bundle_path, revisions_of
from governance.decisions.changes import changes_between, content_in_force
from governance.decisions.engine_status import PolicyStatus, policy_status
from governance.decisions.opa_server import PolicyEngineError, opa_command, wait_for_revision
from governance.federation import Federation
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.lake import write_atomically
from governance.pipeline.in_force import put_in_force as put_declared
from governance.settings import PROJECT_ROOT, Settings, load_settings
from tests.api.small_platform import write_federation
from tests.decisions.engine import agreement, engine_up, facts_of, free_port, new_settings, put_in_force, running

pytestmark = pytest.mark.services


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return new_settings(tmp_path)


def _status(settings: Settings, until: Callable[[PolicyStatus], Any]) -> PolicyStatus:
    """The status once it is as expected; the engine needs a moment."""
    deadline = time.monotonic() + 15
    while not until(found := policy_status(settings)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_nothing_in_force_and_silent_engine_are_told_apart(settings: Settings, federation: Federation) -> None:
    assert policy_status(settings).verdict == "nothing"
    put_in_force(settings, facts_of(federation))
    found = policy_status(settings)
    assert (found.verdict, found.is_well) == ("silent", False)
    assert "ne répond pas" in found.text_fr and "does not answer" in found.text_en


def test_engine_without_bundles_is_closed(settings: Settings, federation: Federation) -> None:
    put_in_force(settings, facts_of(federation))
    with running(opa_command(settings)):
        assert _status(settings, lambda found: found.verdict != "silent").verdict == "closed"


def test_command_says_what_is_active_and_what_was_refused(
    settings: Settings, federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("state_dir", "opa_port", "console_port"):
        monkeypatch.setenv(f"ARCHIPEL_{name.upper()}", str(getattr(settings, name)))
    load_settings.cache_clear()
    try:
        with engine_up(settings):
            version = put_in_force(settings, facts_of(federation, agreement()))
            wait_for_revision(settings, version)
            _status(settings, lambda found: found.is_well and len(found.bundles) == 2)
            done = CliRunner().invoke(policy.app, ["status"])
            assert done.exit_code == 0, done.output
            assert version in done.stdout and "applique la version en vigueur" in done.stdout
            write_atomically(bundle_path(settings, "data"), b"not an archive")
            assert not _status(settings, lambda found: found.verdict == "refusing").is_well
            revisions_of(settings).record(f"{version}-next")
            done = CliRunner().invoke(policy.app, ["status", "--lang", "en"])
            assert done.exit_code == 1
            assert f"the engine answers: {version}" in done.stdout
            assert "invalid header" in done.stdout
            told = PolicyStatus.model_validate_json(CliRunner().invoke(policy.app, ["status", "--json"]).stdout)
            assert told.verdict == "behind"
    finally:
        load_settings.cache_clear()


def test_one_more_engine_is_fed_and_reports_under_its_own_name(
    settings: Settings, federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("state_dir", "opa_port", "console_port"):
        monkeypatch.setenv(f"ARCHIPEL_{name.upper()}", str(getattr(settings, name)))
    load_settings.cache_clear()
    port = free_port()
    try:
        words = ["engine", "second", "--to", str(tmp_path / "second"), "--port", str(port)]
        done = CliRunner().invoke(policy.app, words)
        assert CliRunner().invoke(policy.app, ["engine", "main", "--to", str(tmp_path)]).exit_code == 2
    finally:
        load_settings.cache_clear()
    assert done.exit_code == 0, done.output
    other = settings.model_copy(update={"opa_url": f"http://127.0.0.1:{port}"})
    with engine_up(settings), running(shlex.split(done.stdout)):
        version = put_in_force(settings, facts_of(federation, agreement()))
        wait_for_revision(settings, version)
        wait_for_revision(other, version)
        found = _status(other, lambda found: len(found.bundles) == 4)
    assert {state.engine for state in found.bundles} == {"main", "second"}


def test_each_version_tells_what_changed_in_it(tmp_path: Path) -> None:
    write_federation(tmp_path / "federation")
    settings = new_settings(tmp_path / "state", federation_dir=tmp_path / "federation")
    journal = Journal.from_settings(settings)
    first = put_declared(settings, journal)
    path = tmp_path / "federation" / "agreements" / "exemple-startup.yaml"
    terms = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**terms, "state": "revoked"}, allow_unicode=True), encoding="utf-8")
    (tmp_path / "federation" / "agreements" / "exemple-eau.yaml").unlink()
    second = put_declared(settings, journal)
    assert put_declared(settings, journal) == second
    later, earlier = journal.search(Search(kind="policy_change"))
    assert (earlier.fields["previous"], earlier.fields["changes"]) == (None, {})
    assert (later.fields["revision"], later.fields["previous"]) == (second, first)
    assert later.fields["changes"] == {"agreements": {"changed": ["exemple-startup"], "removed": ["exemple-eau"]}}


def test_policy_that_the_engine_would_refuse_is_not_put_in_force(tmp_path: Path) -> None:
    policies = shutil.copytree(PROJECT_ROOT / "policies", tmp_path / "policies")
    settings = new_settings(tmp_path / "state", policies_dir=policies)
    journal = Journal.from_settings(settings)
    good = put_declared(settings, journal)
    rule = policies / "duty" / "duty.rego"
    rule.write_text(rule.read_text(encoding="utf-8") + "\n_odd := unheard_of(1)\n", encoding="utf-8")
    with pytest.raises(PolicyEngineError, match="undefined function unheard_of"):
        put_declared(settings, journal)
    assert revisions_of(settings).current == good
    assert len(journal.search(Search(kind="policy_change"))) == 1


def test_unreadable_bundle_holds_nothing_known(settings: Settings, federation: Federation) -> None:
    assert content_in_force(settings) == {}
    put_in_force(settings, facts_of(federation, agreement()))
    write_atomically(bundle_path(settings, "data"), b"not an archive")
    assert set(content_in_force(settings)) == {"policies", "reasons"}
    assert changes_between({"a": {"x": 1}}, {}) == {"a": {"removed": ["x"]}}
