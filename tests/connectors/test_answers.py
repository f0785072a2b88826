"""How answers are read, where a real server would be needless."""

import gzip
import zlib

import httpx
import pytest

from connectors.answers import filename_of, media_type_of, redirected, strong_validator
from connectors.problems import EgressForbidden, SourceRefused, SourceUnavailable
from connectors.unpack import PIECE_BYTES, unpack

URL = httpx.URL("https://mairie.example/donnees/fichier.csv?v=2")
TEXT = b"id;nom\n" * 50_000


def _unpacked(packed: bytes, encoding: str = "gzip", step: int = 1000) -> list[bytes]:
    return list(unpack((packed[at : at + step] for at in range(0, len(packed), step)), encoding, "mairie.example"))


def test_redirection_never_leaves_https_for_http() -> None:
    with pytest.raises(EgressForbidden):
        redirected(URL, "http://mairie.example/fichier.csv")
    assert str(redirected(URL, "../autre.csv")) == "https://mairie.example/autre.csv"
    assert str(redirected(httpx.URL("http://mairie.example/"), "https://mairie.example/")) == "https://mairie.example/"


def test_unreadable_redirection_is_refused() -> None:
    with pytest.raises(SourceRefused):
        redirected(URL, "http://[::1/")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ETag": '"a"', "Last-Modified": "x"}, '"a"'),
        ({"ETag": 'W/"a"', "Last-Modified": "x"}, "x"),
        ({"ETag": 'W/"a"'}, None),
        ({}, None),
    ],
)
def test_weak_validator_is_no_ground_to_resume(headers: dict[str, str], expected: str | None) -> None:
    assert strong_validator(httpx.Headers(headers)) == expected


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ("", "fichier.csv"),
        ('attachment; filename="export 2025.csv"', "export 2025.csv"),
        ("attachment; filename*=UTF-8''%C3%A9t%C3%A9.csv", "été.csv"),
        ('attachment; filename="../../etc/hostname"', "hostname"),
        ('attachment; filename="C:\\\\exports\\\\a.csv"', "a.csv"),
        ('attachment; filename=""', "fichier.csv"),
        ("inline", "fichier.csv"),
    ],
)
def test_file_s_name_is_a_name_and_never_a_path(disposition: str, expected: str) -> None:
    assert filename_of(httpx.Headers({"Content-Disposition": disposition}), URL) == expected


def test_address_without_a_name_gives_one_all_the_same() -> None:
    assert filename_of(httpx.Headers(), httpx.URL("https://mairie.example/")) == "file"
    assert len(filename_of(httpx.Headers(), httpx.URL(f"https://mairie.example/{'a' * 500}"))) == 200


def test_media_type_is_told_without_its_parameters() -> None:
    assert media_type_of(httpx.Headers({"Content-Type": "Text/CSV; charset=utf-8"})) == "text/csv"
    assert media_type_of(httpx.Headers()) is None


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
def test_gzip_is_undone_however_it_is_cut_in_pieces(encoding: str, step: int) -> None:
    assert b"".join(_unpacked(gzip.compress(TEXT), encoding, step)) == TEXT


def test_gzip_of_several_members_is_read_to_the_end() -> None:
    assert b"".join(_unpacked(gzip.compress(b"one ") + gzip.compress(b"two"))) == b"one two"


def test_no_piece_is_larger_than_it_may_be() -> None:
    pieces = _unpacked(gzip.compress(bytes(10 * PIECE_BYTES)), step=100_000)
    assert sum(map(len, pieces)) == 10 * PIECE_BYTES
    assert max(map(len, pieces)) == PIECE_BYTES


@pytest.mark.parametrize("packed", [gzip.compress(TEXT)[:-5], b"", b"no gzip at all", zlib.compress(TEXT)])
def test_cut_or_corrupt_compression_is_unavailable(packed: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        _unpacked(packed)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "identity, gzip"])
def test_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(SourceRefused, match="content encoding"):
        _unpacked(b"x", encoding)


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_plain_body_passes_as_it_is(encoding: str) -> None:
    assert b"".join(_unpacked(TEXT, encoding)) == TEXT
