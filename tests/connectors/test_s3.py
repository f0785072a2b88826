"""What is particular about S3: signatures, the newest of a listing of several pages, names with any letter."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors import s3
from connectors.base import FetchRequest
from connectors.problems import BadOptions, SourceRefused, UnexpectedAnswer
from tests.connectors.contract.adapters.s3 import Adapter
from tests.connectors.contract.servers import Servers


@pytest.fixture
def source(tmp_path: Path, servers: Servers) -> Iterator[Adapter]:
    with ExitStack() as stack:
        yield Adapter(tmp_path, servers, stack)


def _with(source: Adapter, **options: Any) -> FetchRequest:
    kept = {name: value for name, value in source.options().items() if name != "key"}
    return source.request().model_copy(update={"options": {**kept, **options}})


def _put(source: Adapter, key: str, body: bytes = b"x") -> None:
    source.server.client.put_object(Bucket=source.bucket, Key=key, Body=body)


def test_address_is_signed_as_the_specification_s_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the S3 API reference, "Authenticating Requests: Using Query Parameters"."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Then":
            return cls(2013, 5, 24, tzinfo=tz)

    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: Then.now(UTC).replace(tzinfo=None))
    options = {"endpoint": "https://s3.amazonaws.com", "bucket": "examplebucket", "key": "test.txt", "style": "host"}
    secret = SecretStr("AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    request = FetchRequest(options=options, into=tmp_path, secret=secret)
    bucket = s3._Bucket(
        request.model_copy(update={"limits": request.limits.model_copy(update={"total_seconds": 86340})})
    )
    url = bucket.order("test.txt").url
    assert url.startswith("https://examplebucket.s3.amazonaws.com/test.txt?")
    assert "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404" in url


def test_newest_object_is_found_over_several_pages(source: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        _put(source, f"budget/{number}.csv", str(number).encode())
    order = s3._Bucket.order
    monkeypatch.setattr(
        s3._Bucket, "order", lambda self, key, **query: order(self, key, **query, **({} if key else {"max-keys": "2"}))
    )
    # S3 gives no way to set an object's time; the tie within one second is settled by name.
    before = source.asked()
    fetched = s3.fetch(_with(source, prefix="budget/", pattern="*.csv"))
    assert fetched.filename == "4.csv"
    assert source.asked() - before >= 1


def test_hidden_names_and_folder_marks_are_not_objects_to_take(source: Adapter) -> None:
    _put(source, "depot/a.csv")
    _put(source, "depot/z/")
    _put(source, "depot/.z.csv")
    assert s3.fetch(_with(source, prefix="depot/")).filename == "a.csv"


@pytest.mark.parametrize("key", ["été 2026/budget+annexe.csv", "a b/%41;c=d&e?.csv"])
def test_name_with_any_letter_is_asked_for_as_it_is(source: Adapter, key: str) -> None:
    _put(source, key, key.encode())
    fetched = s3.fetch(_with(source, key=key))
    assert fetched.path is not None
    assert fetched.path.read_bytes() == key.encode()


def test_no_object_that_fits_is_refused_and_says_what_was_looked_for(source: Adapter) -> None:
    with pytest.raises(SourceRefused, match=r"budget/\*\.csv"):
        s3.fetch(_with(source, prefix="budget/", pattern="*.csv"))


def test_key_and_pattern_are_not_both_given(source: Adapter) -> None:
    with pytest.raises(BadOptions, match="not both"):
        s3.fetch(_with(source, key="a", pattern="*.csv"))


def test_store_s_own_words_are_in_the_refusal(source: Adapter) -> None:
    with pytest.raises(SourceRefused, match="NoSuchBucket"):
        s3.fetch(_with(source, bucket="absent-bucket", prefix="a"))


def test_answer_that_is_no_listing_is_said(source: Adapter) -> None:
    source.proxy.faults.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>")
    with pytest.raises(UnexpectedAnswer, match="listing"):
        s3.fetch(_with(source, prefix="a"))


@pytest.mark.parametrize("endpoint", ["s3.example.org", "https://k:s@s3.example.org", "https://s3.example.org/a?b"])
def test_endpoint_is_an_address_alone(source: Adapter, endpoint: str) -> None:
    with pytest.raises(BadOptions, match="endpoint"):
        s3.fetch(_with(source, endpoint=endpoint, key="a"))
