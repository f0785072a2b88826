"""Facts that hold for every connector, each against a real source of its kind."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Connector, FetchRequest, Limits, Validators
from connectors.problems import BadOptions, ConnectorProblem, TooLarge, UnknownConnector
from connectors.registry import connector_names, find_connector
from tests.connectors.example_site import CONTENT, Site


@dataclass(frozen=True)
class Case:
    """One connector with a source that holds CONTENT, and options that point at nothing."""

    connector: Connector
    request: FetchRequest
    nowhere: dict[str, Any]
    change: Callable[[bytes], object]

    def since(self, validators: Validators) -> FetchRequest:
        return self.request.model_copy(update={"since": validators})

    def with_limits(self, **changed: Any) -> FetchRequest:
        return self.request.model_copy(update={"limits": self.request.limits.model_copy(update=changed)})


def _http_file(site: Site, folder: Path, limits: Limits) -> Case:
    url = site.put("mairie/fichier.csv")
    request = FetchRequest(options={"url": url}, into=folder / "into", limits=limits)
    nowhere = {"url": f"{site.server.address}/mairie/absent.csv"}
    return Case(find_connector("http_file"), request, nowhere, lambda content: site.put("mairie/fichier.csv", content))


def _local_folder(site: Site, folder: Path, limits: Limits) -> Case:
    inbox = folder / "inbox"
    inbox.mkdir()
    file = inbox / "fichier.csv"
    file.write_bytes(CONTENT)
    allowed = limits.model_copy(update={"folders": (inbox,)})
    request = FetchRequest(options={"folder": str(inbox)}, into=folder / "into", limits=allowed)
    nowhere = {"folder": str(inbox), "pattern": "absent*"}
    return Case(find_connector("local_folder"), request, nowhere, file.write_bytes)


CASES = {"http_file": _http_file, "local_folder": _local_folder}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest, site: Site, tmp_path: Path, limits: Limits) -> Case:
    return CASES[str(request.param)](site, tmp_path, limits)


def _left_in(request: FetchRequest) -> list[Path]:
    return list(request.into.iterdir()) if request.into.exists() else []


def test_every_connector_is_in_this_suite() -> None:
    assert connector_names() == tuple(sorted(CASES))


def test_fetched_bytes_are_the_source_s_and_their_hash_is_told(case: Case) -> None:
    fetched = case.connector.fetch(case.request)
    assert fetched.path is not None
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.sha256 == fetched.validators.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (fetched.size, fetched.filename, fetched.not_modified) == (len(CONTENT), "fichier.csv", False)


def test_unchanged_source_gives_no_file_and_the_same_validators(case: Case) -> None:
    first = case.connector.fetch(case.request)
    assert first.path is not None
    first.path.unlink()
    again = case.connector.fetch(case.since(first.validators))
    assert (again.not_modified, again.path, again.validators) == (True, None, first.validators)
    assert _left_in(case.request) == []


def test_changed_source_is_fetched_again(case: Case) -> None:
    first = case.connector.fetch(case.request)
    case.change(CONTENT + b"99999;nouveau\n")
    again = case.connector.fetch(case.since(first.validators))
    assert again.path is not None
    assert again.path.read_bytes().endswith(b"99999;nouveau\n")
    assert again.sha256 != first.sha256


def test_body_over_the_limit_is_refused_and_leaves_nothing(case: Case) -> None:
    with pytest.raises(TooLarge):
        case.connector.fetch(case.with_limits(max_bytes=len(CONTENT) - 1))
    assert _left_in(case.request) == []


def test_body_of_exactly_the_limit_is_accepted(case: Case) -> None:
    assert case.connector.fetch(case.with_limits(max_bytes=len(CONTENT))).size == len(CONTENT)


def test_check_tells_name_and_size_without_taking_the_file(case: Case) -> None:
    checked = case.connector.check(case.request)
    assert (checked.filename, checked.size, checked.media_type) == ("fichier.csv", len(CONTENT), "text/csv")
    assert _left_in(case.request) == []


def test_missing_source_fails_for_good_and_says_so_in_both_languages(case: Case) -> None:
    request = case.request.model_copy(update={"options": case.nowhere})
    for act in (case.connector.check, case.connector.fetch):
        with pytest.raises(ConnectorProblem) as caught:
            act(request)
        problem = caught.value
        assert not problem.retryable
        words = {problem.message_fr, problem.message_en, problem.remedy_fr, problem.remedy_en}
        assert len(words) == 4
        assert all(words)
    assert _left_in(case.request) == []


def test_misspelt_option_is_named(case: Case) -> None:
    with pytest.raises(BadOptions, match="urll"):
        case.connector.fetch(case.request.model_copy(update={"options": {**case.request.options, "urll": "x"}}))


def test_options_are_described_and_frozen(case: Case) -> None:
    fields = case.connector.Options.model_fields
    assert fields
    assert all(field.title and field.description for field in fields.values())
    options = case.connector.Options.model_validate(dict(case.request.options))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(options, next(iter(fields)), "other")


@pytest.mark.parametrize("name", ["http_fil", "base", "session", "os", "../http_file", ""])
def test_unknown_connector_gives_an_error_that_lists_those_known(name: str) -> None:
    with pytest.raises(UnknownConnector) as caught:
        find_connector(name)
    assert all(known in caught.value.remedy_en for known in CASES)


def test_misspelt_connector_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownConnector) as caught:
        find_connector("http_fil")
    assert "« http_file » ?" in caught.value.remedy_fr
