"""A flood of wrong tokens does not flood the journal, and none of it is lost from sight."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from governance.api import refused_tokens
from governance.api.refused_tokens import RefusedTokens
from governance.journal.journal import Journal
from governance.journal.model import Search
from governance.settings import Settings


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.from_settings(Settings(state_dir=tmp_path))


@pytest.fixture
def refused(journal: Journal) -> Iterator[RefusedTokens]:
    made = RefusedTokens(journal)
    yield made
    made.write_over(everything=True)


def _kept(journal: Journal) -> list[tuple[str, int]]:
    """Reason and repetitions of each entry, the oldest first."""
    found = journal.search(Search(kind="access", limit=1000))
    return [(entry.fields["reasons"][0], entry.fields.get("repeated", 0)) for entry in reversed(found)]


def test_the_first_is_written_at_once_and_its_repetitions_together(refused: RefusedTokens, journal: Journal) -> None:
    for _ in range(500):
        refused.note("192.0.2.1", "token_forged", "/v1/feeds/a")
    assert _kept(journal) == [("token_forged", 0)]
    refused.write_over(everything=True)
    assert _kept(journal) == [("token_forged", 0), ("token_forged", 499)]
    assert "192.0.2.1" not in "".join(journal.export())


def test_another_reason_or_client_is_an_entry_of_its_own(refused: RefusedTokens, journal: Journal) -> None:
    refused.note("192.0.2.1", "token_forged", "/v1/feeds/a")
    refused.note("192.0.2.1", "token_expired", "/v1/feeds/a")
    refused.note("192.0.2.2", "token_forged", "/v1/feeds/a")
    assert _kept(journal) == [("token_forged", 0), ("token_expired", 0), ("token_forged", 0)]


def test_when_the_minute_is_over_the_count_is_written_without_another_refusal(journal: Journal) -> None:
    refused = RefusedTokens(journal, window_seconds=0.2)
    for _ in range(3):
        refused.note("192.0.2.1", "token_forged", "/v1/feeds/a")
    for timer in [each for each in threading.enumerate() if isinstance(each, threading.Timer)]:
        timer.join()
    assert sum(repeated or 1 for _, repeated in _kept(journal)) == 3
    refused.note("192.0.2.1", "token_forged", "/v1/feeds/a")
    assert _kept(journal)[-1] == ("token_forged", 0)
    refused.write_over(everything=True)


def test_none_is_lost_or_counted_twice_by_many_at_once(refused: RefusedTokens, journal: Journal) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: refused.note(f"192.0.2.{n % 3}", "token_forged", "/v1"), range(300)))
    refused.write_over(everything=True)
    kept = _kept(journal)
    assert len(kept) == 6
    assert sum(repeated or 1 for _, repeated in kept) == 300


def test_many_clients_do_not_fill_the_memory(
    refused: RefusedTokens, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused_tokens, "MOST", 5)
    for n in range(50):
        refused.note(f"192.0.2.{n}", "token_forged", "/v1")
    assert len(_kept(journal)) == 6
    refused.write_over(everything=True)
    assert _kept(journal)[-1] == ("token_forged", 44)
