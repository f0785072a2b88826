"""Notices arrive at a real mail server and a real web server: once, protected, signed; no harvest fails for it."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from governance.commands.main import app
from governance.console.subscribers import subscribers_of
from governance.notifications.mail import MailServer
from governance.notifications.send import Delivery, send_waiting
from governance.state.outbox import TAKEN_FOR, Notice, find_due, list_notices, prune_notices, take
from tests.notifications.conftest import UNKNOWN, MailBox, Receiver, served_by, subscribe
from tests.pipeline.conftest import World, place

TO = {"email": "donnees@donges.example", "when": "always"}
SECRET = "whsec_" + base64.b64encode(b"synthetic secret of a test, 32 b").decode()
WRONG_LINE = place(3).replace("2026-01-15", "jadis")


def _later(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**time)


def _hook(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setenv("SOURCE_SECRET_HOOK", SECRET)
    return {"webhook": receiver.address, "secret": "env:SOURCE_SECRET_HOOK", "when": "always"}


def _reachable(receiver: Receiver) -> tuple[str, ...]:
    return (receiver.address.removeprefix("http://").split("/")[0],)


def _notices(world: World) -> list[Notice]:
    return list_notices(world.platform.engine, "donges")


def test_receipt_arrives_by_mail_over_starttls_in_french_with_what_to_mend(world: World, mail: MailBox) -> None:
    told = subscribe(world, TO, **served_by(mail))
    told.write("donges", place(1), place(2), WRONG_LINE)
    receipt = told.harvest()["donges"]
    (delivery,) = send_waiting(told.platform)
    assert delivery.state == "sent"
    (letter,) = mail.letters
    assert mail.were_protected == [True]
    assert letter["To"] == "donnees@donges.example"
    assert letter["Subject"] == "Donges : Lieux de covoiturage, une ligne à corriger"
    assert letter["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        part = letter.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert f"/fr/runs/{receipt.run_id}" in text
        assert "À corriger d'abord" in text or "À corriger d&#39;abord" in text
        assert "date_maj" in text
        assert "jadis" not in text  # no policy engine answers here, so no cell may be shown


def test_nothing_is_sent_twice(world: World, mail: MailBox) -> None:
    told = subscribe(world, TO, **served_by(mail))
    told.write("donges", place(1))
    told.harvest()
    send_waiting(told.platform)
    assert send_waiting(told.platform, _later(days=1)) == []
    assert len(mail.letters) == 1


def test_notice_is_forgotten_after_the_time_that_is_set_and_never_while_it_waits(world: World, mail: MailBox) -> None:
    told = subscribe(world, TO, **served_by(mail))
    told.write("donges", place(1))
    told.harvest()
    engine = told.platform.engine
    assert prune_notices(engine, _later(days=400)) == 0
    (sent,) = send_waiting(told.platform)
    assert sent.state == "sent"
    told.write("donges", place(1), place(2))
    told.harvest()
    assert prune_notices(engine, _later(days=-1)) == 0
    assert prune_notices(engine, _later(days=1)) == 1
    assert [notice.state for notice in _notices(told)] == ["waiting"]


def test_two_senders_never_take_the_same_notice(world: World) -> None:
    told = subscribe(world, TO)
    told.write("donges", place(1))
    told.harvest()
    now = _later(seconds=1)
    (seen_by_one,) = find_due(told.platform.engine, now, 10)
    (seen_by_other,) = find_due(told.platform.engine, now, 10)
    assert take(told.platform.engine, seen_by_one, now)
    assert not take(told.platform.engine, seen_by_other, now)
    assert find_due(told.platform.engine, now, 10) == []


def test_notice_of_a_sender_that_died_goes_out_later_under_the_same_name(world: World, mail: MailBox) -> None:
    """Killed between the server's answer and our own record: the copy bears the same Message-ID."""
    told = subscribe(world, TO, **served_by(mail))
    told.write("donges", place(1))
    told.harvest()

    @contextmanager
    def dies_after_sending() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:

            def killed(*_: object, **__: object) -> None:
                raise KeyboardInterrupt

            patch.setattr("governance.notifications.send.settle_notice", killed)
            yield

    with dies_after_sending(), pytest.raises(KeyboardInterrupt):
        send_waiting(told.platform)
    assert send_waiting(told.platform) == []
    (delivery,) = send_waiting(told.platform, _later(seconds=TAKEN_FOR.total_seconds() + 1))
    assert delivery.state == "sent"
    assert len({letter["Message-ID"] for letter in mail.letters}) == 1 and len(mail.letters) == 2


def test_dead_mail_server_fails_no_harvest_and_is_asked_once_a_pass(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = subscribe(world, TO, {**TO, "language": "en"}, smtp_host="127.0.0.1", smtp_port=9, smtp_security="none")
    told.write("donges", place(1))
    assert told.harvest()["donges"].outcome == "accepted"
    asked = []
    connect = MailServer._connect

    def counted(server: MailServer) -> object:
        asked.append(1)
        return connect(server)

    monkeypatch.setattr(MailServer, "_connect", counted)
    deliveries = send_waiting(told.platform)
    assert [delivery.state for delivery in deliveries] == ["waiting", "waiting"]
    assert len(asked) == 1
    assert "ne répond pas" in deliveries[0].failure_fr


def test_notice_that_failed_is_sent_when_the_server_is_back(world: World, mail: MailBox) -> None:
    down = subscribe(world, TO, **{**served_by(mail), "smtp_port": 9})
    down.write("donges", place(1))
    down.harvest()
    assert [delivery.state for delivery in send_waiting(down.platform)] == ["waiting"]
    up = subscribe(down, TO, **served_by(mail))
    assert send_waiting(up.platform) == []  # not yet: it waits a minute
    assert [delivery.state for delivery in send_waiting(up.platform, _later(minutes=2))] == ["sent"]
    (subscriber,) = subscribers_of(up.platform, up.platform.federation.organisations["donges"])
    assert (subscriber.last_state, subscriber.failure) == ("sent", None)


def test_notice_is_given_up_after_the_time_that_is_set_and_the_member_sees_it(world: World) -> None:
    told = subscribe(world, TO, notify_give_up_hours=2)
    told.write("donges", place(1))
    told.harvest()
    states = [
        delivery.state
        for minutes in (1, 10, 60, 200, 800)
        for delivery in send_waiting(told.platform, _later(minutes=minutes))
    ]
    assert states == ["waiting", "waiting", "waiting", "given_up"]
    (subscriber,) = subscribers_of(told.platform, told.platform.federation.organisations["donges"])
    assert subscriber.given_up == 1
    assert subscriber.address == "d…@donges.example"
    assert subscriber.failure is not None and "ARCHIPEL_SMTP_HOST" in subscriber.failure.fr


def test_unknown_mailbox_is_given_up_at_once_and_others_get_theirs(world: World, mail: MailBox) -> None:
    told = subscribe(world, {**TO, "email": UNKNOWN}, TO, **served_by(mail))
    told.write("donges", place(1))
    told.harvest()
    states = {delivery.state for delivery in send_waiting(told.platform)}
    assert states == {"given_up", "sent"}
    assert [letter["To"] for letter in mail.letters] == [TO["email"]]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"smtp_password": SecretStr("wrong")}, "refuse le compte"),
        ({"smtp_ca_file": None}, "certificat n'est pas reconnu"),
        ({"smtp_security": "none"}, "n'est pas envoyé en clair"),
    ],
)
def test_server_that_cannot_be_trusted_or_refuses_us_is_named(
    world: World, mail: MailBox, settings: dict[str, object], words: str
) -> None:
    told = subscribe(world, TO, **{**served_by(mail), **settings})
    told.write("donges", place(1))
    told.harvest()
    (delivery,) = send_waiting(told.platform)
    assert words in delivery.failure_fr
    assert mail.letters == []


def test_subscription_that_is_declared_no_more_gets_nothing(world: World, mail: MailBox) -> None:
    told = subscribe(world, TO, **served_by(mail))
    told.write("donges", place(1))
    told.harvest()
    nobody = subscribe(told, **served_by(mail))
    assert [delivery.state for delivery in send_waiting(nobody.platform)] == ["withdrawn"]
    assert mail.letters == []


def test_digest_comes_when_it_is_due_and_tells_how_each_source_stands(world: World, mail: MailBox) -> None:
    told = subscribe(world, {**TO, "when": "digest", "every": "daily"}, **served_by(mail))
    told.write("donges", place(1), WRONG_LINE)
    told.harvest()
    told.harvest()
    assert send_waiting(told.platform) == []
    (delivery,) = send_waiting(told.platform, _later(days=1, hours=1))
    assert delivery.subject == "Donges : récapitulatif du jour, une source à corriger"
    body = mail.letters[0].get_body(("plain",))
    assert body is not None and "Lieux de covoiturage – une ligne à corriger" in body.get_content()


def test_webhook_is_signed_as_the_specification_says(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = subscribe(world, _hook(receiver, monkeypatch), egress_exceptions=_reachable(receiver))
    told.write("donges", place(1), place(2), WRONG_LINE)
    receipt = told.harvest()["donges"]
    assert [delivery.state for delivery in send_waiting(told.platform)] == ["sent"]
    ((headers, body),) = receiver.came
    event = Webhook(SECRET).verify(body, headers)
    assert event["type"] == "receipt.recorded"
    (run,) = event["data"]["receipts"]
    assert (run["run_id"], run["rows_in"], run["rows_accepted"], run["rows_quarantined"]) == (receipt.run_id, 3, 2, 1)
    assert run["link"].endswith(f"/fr/runs/{receipt.run_id}")
    assert "jadis" not in body.decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"accepted", b"rejected"), headers)


def test_webhook_is_tried_again_under_the_same_id_and_not_followed_elsewhere(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.statuses = [503, 302]
    told = subscribe(world, _hook(receiver, monkeypatch), egress_exceptions=_reachable(receiver))
    told.write("donges", place(1))
    told.harvest()
    passes = [send_waiting(told.platform, _later(minutes=minutes)) for minutes in (0, 2, 20)]
    assert [delivery.state for (delivery,) in passes] == ["waiting", "waiting", "sent"]
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len(receiver.came) == 3


def test_receiver_that_is_gone_is_told_no_more(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.statuses = [410]
    told = subscribe(world, _hook(receiver, monkeypatch), egress_exceptions=_reachable(receiver))
    told.write("donges", place(1))
    told.harvest()
    assert [delivery.state for delivery in send_waiting(told.platform)] == ["given_up"]


@pytest.mark.parametrize(
    ("is_reachable", "secret", "words"),
    [
        (False, SECRET, "https://"),
        (True, "not a secret", "whsec_"),
        (True, "whsec_c2hvcnQ=", "24 octets"),
        (True, "", "manque"),
    ],
)
def test_webhook_that_may_not_be_sent_says_why_and_nothing_leaves(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, is_reachable: bool, secret: str, words: str
) -> None:
    hook = _hook(receiver, monkeypatch)
    monkeypatch.setenv("SOURCE_SECRET_HOOK", secret)
    told = subscribe(world, hook, egress_exceptions=_reachable(receiver) if is_reachable else ())
    told.write("donges", place(1))
    told.harvest()
    (delivery,) = send_waiting(told.platform)
    assert words in delivery.failure_fr
    assert receiver.came == []


def test_webhook_to_an_address_of_the_inside_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_SECRET_HOOK", SECRET)
    hook = {"webhook": "https://127.0.0.1:8443/", "secret": "env:SOURCE_SECRET_HOOK", "when": "always"}
    told = subscribe(world, hook)
    told.write("donges", place(1))
    told.harvest()
    (delivery,) = send_waiting(told.platform)
    assert "n'est pas une adresse publique" in delivery.failure_fr


def _called(world: World, *words: str) -> tuple[int, list[dict[str, str]]]:
    settings = world.platform.settings
    places = ["--federation", str(settings.federation_dir), "--state", str(settings.state_dir)]
    answer = CliRunner().invoke(app, ["notify", "--json", *places, *words])
    return answer.exit_code, json.loads(answer.stdout)


@pytest.mark.services
def test_command_says_what_it_would_send_then_sends_it_and_cells_of_open_data_may_be_told(
    world: World, mail: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = subscribe(world, TO, **served_by(mail))
    told.write("donges", place(1), place(2), place(3).replace("2026-01-15", "15/01/2026"))
    told.harvest()
    for name, value in served_by(mail).items():
        shown = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        monkeypatch.setenv(f"ARCHIPEL_{name.upper()}", shown)
    monkeypatch.setattr("governance.commands.options.load_settings", lambda: told.platform.settings)
    code, would = _called(told, "--dry-run")
    assert (code, would[0]["state"], mail.letters) == (0, "waiting", [])
    code, did = _called(told)
    assert (code, did[0]["state"], did[0]["subject"]) == (0, "sent", would[0]["subject"])
    assert _called(told) == (0, [])


def test_kinds_of_deliveries_are_told_apart(world: World) -> None:
    told = subscribe(world, TO)
    told.write("donges", place(1))
    told.harvest()
    (delivery,) = send_waiting(told.platform)
    assert isinstance(delivery, Delivery)
    assert (delivery.channel, delivery.notice.attempts, _notices(told)[0].attempts) == ("email", 0, 1)
