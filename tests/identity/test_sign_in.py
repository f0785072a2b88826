"""A session begins, holds, is asked about again and ends; what does not fit ends in a refusal that the journal has."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text, update

from governance.identity.refusals import TokenError
from governance.identity.sign_in import hashed
from governance.journal.model import Search
from governance.state.database import open_database, sessions
from tests.api.small_platform import write_federation
from tests.identity.own_issuer import DONGES, Desk, open_desk, state_of


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Desk:
    write_federation(tmp_path / "federation")
    return open_desk(tmp_path / "state", tmp_path / "federation", database_url)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(TokenError) as refused:
        call()
    return refused.value.refusal.code


def outcomes(desk: Desk) -> list[str]:
    return [entry.fields["outcome"] for entry in desk.journal.search(Search(kind="sign_in"))]


def move(desk: Desk, secret: str, **by: timedelta) -> None:
    """Move times of a session into the past."""
    with open_database(desk.settings.database_address).begin() as connection:
        found = connection.execute(sessions.select().where(sessions.c.id == hashed(secret))).one()._mapping
        moved = {name: found[name] - far for name, far in by.items()}
        connection.execute(update(sessions).where(sessions.c.id == hashed(secret)).values(**moved))


def test_a_session_is_somebodys_and_the_state_holds_neither_its_secret_nor_what_the_issuer_gave(desk: Desk) -> None:
    secret = desk.enter()
    session = desk.desk.session_of(secret)
    assert session is not None
    assert (session.person.organisations, session.person.roles) == (("donges",), ("officer",))
    with open_database(desk.settings.database_address).connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM sessions")).all())
    assert secret not in kept and desk.issuer.refresh not in kept
    assert desk.desk.session_of(secret[:-1]) is None


def test_each_sign_in_has_a_secret_of_its_own(desk: Desk) -> None:
    assert desk.enter() != desk.enter()


def test_the_journal_knows_who_signed_in_as_a_pseudonym_and_no_name(desk: Desk) -> None:
    desk.enter()
    (entry,) = desk.journal.search(Search(kind="sign_in", subject="compte-1"))
    assert entry.fields == {"outcome": "signed_in", "organisations": ["donges"], "roles": ["officer"]}
    assert "Essai Une" not in "".join(desk.journal.export()) and desk.journal.verify() is None


def test_what_was_not_begun_in_this_browser_is_refused(desk: Desk) -> None:
    address, sealed = desk.desk.way.begin("/fr/", "fr")
    begun = desk.desk.way.begun(sealed)
    assert code_of(lambda: desk.desk.finish(None, state_of(address), "c")) == "sign_in_lost"
    assert code_of(lambda: desk.desk.finish(begun, "another", "c")) == "sign_in_lost"
    assert desk.desk.way.begun(sealed[:-4] + "AAAA") is None
    assert code_of(lambda: desk.desk.finish(begun, state_of(address), "another")) == "sign_in_refused"
    assert desk.desk.finish(begun, state_of(address), "c")
    assert code_of(lambda: desk.desk.finish(begun, state_of(address), "c")) == "sign_in_refused"


@pytest.mark.parametrize(
    ("said", "identity", "code"),
    [
        ({"memberships": {}}, {}, "token_without_organisation"),
        ({"memberships": ["donges"]}, {}, "token_without_organisation"),
        ({"memberships": {"donges": {"siren": ["214402109"]}}}, {}, "token_without_organisation"),
        ({"memberships": {"nobody": {"siren": ["214400525"]}}}, {}, "token_without_organisation"),
        ({"typ": "Refresh"}, {}, "token_wrong_kind"),
        ({"sub": "compte-2"}, {}, "token_wrong_kind"),
        ({"sid": "s-2"}, {}, "token_wrong_kind"),
        ({"aud": "archipel-feeds"}, {}, "token_wrong_audience"),
        ({}, {"nonce": "another"}, "token_wrong_kind"),
        ({}, {"typ": "Bearer"}, "token_wrong_kind"),
        ({}, {"aud": "ckan"}, "token_wrong_audience"),
        ({}, {"iss": "https://ailleurs.example"}, "token_wrong_issuer"),
    ],
)
def test_tokens_that_do_not_fit_make_no_session_and_are_journalled(
    desk: Desk, said: dict[str, Any], identity: dict[str, Any], code: str
) -> None:
    desk.issuer.said |= said
    desk.issuer.identity |= identity
    assert code_of(desk.enter) == code
    (entry,) = desk.journal.search(Search(kind="sign_in"))
    assert entry.fields == {"outcome": "refused", "reasons": [code]}


def test_a_session_ends_when_nothing_was_done_in_it_and_at_its_longest_in_any_case(desk: Desk) -> None:
    idle, long = desk.enter(), desk.enter()
    move(desk, idle, seen_at=timedelta(minutes=31))
    assert desk.desk.session_of(idle) is None
    move(desk, long, ends_at=timedelta(hours=10, seconds=1))
    assert desk.desk.session_of(long) is None


def test_use_keeps_a_session(desk: Desk) -> None:
    secret = desk.enter()
    move(desk, secret, seen_at=timedelta(minutes=29))
    assert desk.desk.session_of(secret) is not None
    move(desk, secret, seen_at=timedelta(minutes=29))
    assert desk.desk.session_of(secret) is not None


def test_a_role_that_was_taken_away_is_gone_once_the_token_has_run_out(desk: Desk) -> None:
    secret = desk.enter()
    desk.issuer.said["roles"] = ["partner"]
    before = desk.desk.session_of(secret)
    assert before is not None and before.person.roles == ("officer",) and desk.issuer.asked == 0
    for count in (1, 2):
        move(desk, secret, ask_again_at=timedelta(minutes=6))
        now = desk.desk.session_of(secret)
        assert now is not None and now.person.roles == ("partner",)
        assert (now.ends_at, desk.issuer.asked) == (before.ends_at, count)


@pytest.mark.parametrize("change", ["ended", "organisation"])
def test_a_session_that_has_ended_at_the_issuer_ends_when_it_is_asked(desk: Desk, change: str) -> None:
    secret = desk.enter()
    if change == "ended":
        desk.issuer.has_ended = True
    else:
        desk.issuer.said["memberships"] = {}
    move(desk, secret, ask_again_at=timedelta(minutes=6))
    assert desk.desk.session_of(secret) is None
    desk.issuer.has_ended, desk.issuer.said["memberships"] = False, DONGES
    assert desk.desk.session_of(secret) is None
    assert outcomes(desk) == ["ended_by_issuer", "signed_in"]


def test_a_silent_issuer_ends_nothing_and_nobody_is_taken_for_anybody_meanwhile(desk: Desk) -> None:
    secret = desk.enter()
    move(desk, secret, ask_again_at=timedelta(minutes=6))
    desk.issuer.is_silent = True
    assert code_of(lambda: desk.desk.session_of(secret)) == "issuer_silent"
    assert code_of(lambda: desk.desk.session_of(secret)) == "issuer_silent"
    desk.issuer.is_silent = False
    assert desk.desk.session_of(secret) is not None


def test_many_pages_at_once_ask_the_issuer_once(desk: Desk) -> None:
    """A refresh token serves once: two who use the same one would end the session."""
    secret = desk.enter()
    move(desk, secret, ask_again_at=timedelta(minutes=6))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: desk.desk.session_of(secret), range(8)))
    assert all(session is not None for session in found)
    assert desk.issuer.asked == 1


def test_leaving_ends_the_session_here_even_while_the_issuer_is_silent(desk: Desk) -> None:
    first, second = desk.enter(), desk.enter()
    assert "id_token_hint=" in (desk.desk.end(first, "fr") or "")
    desk.issuer.is_silent = True
    assert desk.desk.end(second, "fr") is None
    assert [desk.desk.session_of(secret) for secret in (first, second)] == [None, None]
    assert outcomes(desk)[:2] == ["signed_out", "signed_out"]


def test_the_issuers_word_ends_one_session_or_all_of_an_account(desk: Desk) -> None:
    one = desk.enter()
    desk.issuer.account["sid"] = "s-2"
    two = desk.enter()
    assert desk.desk.end_by_issuer(desk.issuer.logout_token(sid="s-1")) == 1
    assert desk.desk.session_of(one) is None and desk.desk.session_of(two) is not None
    assert desk.desk.end_by_issuer(desk.issuer.logout_token(sid=None, sub="compte-2")) == 0
    assert desk.desk.end_by_issuer(desk.issuer.logout_token(sid=None)) == 1
    assert desk.desk.session_of(two) is None
    assert outcomes(desk)[:2] == ["ended_by_issuer", "ended_by_issuer"]


def test_a_logout_token_serves_once(desk: Desk) -> None:
    token = desk.issuer.logout_token()
    assert desk.desk.end_by_issuer(token) == 0
    secret = desk.enter()
    assert code_of(lambda: desk.desk.end_by_issuer(token)) == "token_used"
    assert desk.desk.session_of(secret) is not None


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"events": None}, "token_wrong_kind"),
        ({"events": {"http://schemas.openid.net/event/other": {}}}, "token_wrong_kind"),
        ({"events": {"http://schemas.openid.net/event/backchannel-logout": True}}, "token_wrong_kind"),
        ({"nonce": "n"}, "token_wrong_kind"),
        ({"typ": "ID"}, "token_wrong_kind"),
        ({"jti": None}, "token_claim_missing"),
        ({"sub": None}, "token_claim_missing"),
        ({"exp": None}, "token_claim_missing"),
        ({"aud": "archipel-feeds"}, "token_wrong_audience"),
        ({"iss": "https://ailleurs.example"}, "token_wrong_issuer"),
        ({"exp": datetime(2026, 1, 1, tzinfo=UTC)}, "token_expired"),
        ({"iat": datetime(2026, 1, 1, tzinfo=UTC)}, "token_expired"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "token_forged"),
    ],
)
def test_a_wrong_logout_token_ends_nothing(desk: Desk, claims: dict[str, Any], code: str) -> None:
    secret = desk.enter()
    token = desk.issuer.logout_token(**claims)
    assert code_of(lambda: desk.desk.end_by_issuer(token)) == code
    assert desk.desk.session_of(secret) is not None
