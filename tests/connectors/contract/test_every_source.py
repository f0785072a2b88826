"""What holds for every connector, whatever its protocol, each against a real source of its kind."""

import hashlib

import pytest
from pydantic import ValidationError

from connectors.base import Connector, Fetched, FetchRequest
from connectors.problems import BadOptions, ConnectorProblem, EgressForbidden, TooLarge
from connectors.registry import find_connector
from tests.connectors.contract.adapter import SourceAdapter


def connector_of(source: SourceAdapter) -> Connector:
    return find_connector(source.connector)


def fetch(source: SourceAdapter, request: FetchRequest | None = None) -> Fetched:
    return connector_of(source).fetch(request or source.request())


def test_what_is_handed_over_is_the_source_s_and_its_hash_is_told(source: SourceAdapter) -> None:
    fetched = fetch(source)
    assert fetched.path is not None
    assert source.content_of(fetched.path) == source.expected()
    content = fetched.path.read_bytes()
    assert fetched.sha256 == fetched.validators.sha256 == hashlib.sha256(content).hexdigest()
    assert (fetched.size, fetched.not_modified, fetched.gone) == (len(content), False, 0)
    assert source.left() == [fetched.path]


def test_unchanged_source_gives_no_file_and_the_same_validators(source: SourceAdapter) -> None:
    known = source.settle(fetch(source))
    again = fetch(source, source.request(known))
    assert (again.not_modified, again.path, again.validators) == (True, None, known)
    assert source.left() == []


def test_changed_source_is_handed_over_whole(source: SourceAdapter) -> None:
    known = source.settle(fetch(source))
    source.change()
    again = fetch(source, source.request(known))
    assert again.path is not None
    assert source.content_of(again.path) == source.expected()
    assert again.sha256 != known.sha256


def test_what_a_failed_run_received_comes_again(source: SourceAdapter) -> None:
    known = source.settle(fetch(source))
    source.change()
    failed = fetch(source, source.request(known))
    assert failed.path is not None
    failed.path.unlink()  # the run failed: neither bytes nor validators were kept
    again = fetch(source, source.request(known))
    assert again.path is not None
    assert source.content_of(again.path) == source.expected()


def test_source_without_what_was_handed_over_is_read_from_the_start(source: SourceAdapter) -> None:
    known = fetch(source).validators
    source.change()
    without = source.request(known).model_copy(update={"previous": None})
    again = fetch(source, without)
    assert again.path is not None
    assert source.content_of(again.path) == source.expected()


def test_body_over_the_limit_is_refused_and_leaves_nothing(source: SourceAdapter) -> None:
    with pytest.raises(TooLarge):
        fetch(source, source.request(max_bytes=20))
    assert source.left() == []
    assert fetch(source).path is not None


def test_check_tells_name_and_type_without_taking_anything(source: SourceAdapter) -> None:
    checked = connector_of(source).check(source.request())
    assert source.left() == []
    fetched = fetch(source)
    assert (checked.filename, checked.media_type) == (fetched.filename, fetched.media_type)
    assert checked.size in (None, fetched.size)


def test_missing_source_fails_for_good_and_says_so_in_both_languages(source: SourceAdapter) -> None:
    request = source.request().model_copy(update={"options": source.nowhere()})
    with pytest.raises(ConnectorProblem) as caught:
        fetch(source, request)
    problem = caught.value
    assert not problem.retryable
    words = {problem.message_fr, problem.message_en, problem.remedy_fr, problem.remedy_en}
    assert len(words) == 4
    assert all(words)
    assert source.left() == []


def test_refused_fails_at_once_and_leaves_nothing(source: SourceAdapter, waits: list[float]) -> None:
    source.refuse()
    with pytest.raises(ConnectorProblem) as caught:
        fetch(source)
    assert not caught.value.retryable
    assert waits == []
    assert source.left() == []


def test_forbidden_address_is_refused_before_any_byte(source: SourceAdapter) -> None:
    request = source.request().model_copy(update={"limits": source.out_of_reach()})
    before = source.asked()
    for act in (connector_of(source).check, connector_of(source).fetch):
        with pytest.raises(EgressForbidden):
            act(request)
    assert source.asked() == before
    assert source.left() == []


def test_misspelt_option_is_named(source: SourceAdapter) -> None:
    options = {**source.options(), "urll": "x"}
    with pytest.raises(BadOptions, match="urll"):
        fetch(source, source.request().model_copy(update={"options": options}))


def test_options_are_described_and_frozen(source: SourceAdapter) -> None:
    model = connector_of(source).Options
    assert all(field.title and field.description for field in model.model_fields.values())
    options = model.model_validate(source.options())
    with pytest.raises(ValidationError, match="frozen"):
        setattr(options, next(iter(model.model_fields)), "other")
