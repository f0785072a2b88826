"""``archipel notify``: send what waits for those who subscribe to receipts."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from governance.commands.options import FederationOption, JsonOption, Language, StateOption, chosen_settings
from governance.notifications.send import Delivery, look_at_waiting, send_waiting
from governance.pipeline.engine import with_policy_engine
from governance.platform import open_platform

_SAYINGS = {
    "fr": {
        "none": "Rien n'est à envoyer pour l'instant.",
        "sent": "envoyé",
        "waiting": "en attente",
        "given_up": "abandonné",
        "withdrawn": "plus d'abonnement",
        "email": "courriel",
        "webhook": "webhook",
        "": "",
    },
    "en": {
        "none": "Nothing is due now.",
        "sent": "sent",
        "waiting": "waiting",
        "given_up": "given up",
        "withdrawn": "no subscription any more",
        "email": "e-mail",
        "webhook": "webhook",
        "": "",
    },
}


def notify(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    federation: FederationOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.fr,
) -> None:
    """Send the notices that are due: e-mails and webhooks of those who subscribe to receipts or feeds.

    What cannot be delivered is tried again by a later call, then given up; members' pages say so.
    Ends with 0, or with 1 where a notice is given up.

    Example: archipel notify --dry-run
    """
    with with_policy_engine(chosen_settings(federation, state)) as settings:
        platform = open_platform(settings)
        deliveries = list(look_at_waiting(platform)) if dry_run else send_waiting(platform)
    if as_json:
        typer.echo(json.dumps([_told(delivery) for delivery in deliveries], ensure_ascii=False))
    else:
        _say(deliveries, _SAYINGS[lang.value], lang)
    if any(delivery.state == "given_up" for delivery in deliveries):
        raise typer.Exit(1)


def _say(deliveries: Sequence[Delivery], say: dict[str, str], lang: Language) -> None:
    if not deliveries:
        typer.echo(say["none"])
    for delivery in deliveries:
        failure = delivery.failure_fr if lang is Language.fr else delivery.failure_en
        parts = (delivery.notice.member_id, say[delivery.channel], say[delivery.state], delivery.subject, failure)
        typer.echo(" · ".join(part for part in parts if part))


def _told(delivery: Delivery) -> dict[str, object]:
    notice = delivery.notice.model_dump(mode="json", include={"id", "member_id", "occasion", "run_id", "due_at"})
    return {
        **notice,
        "state": delivery.state,
        "channel": delivery.channel,
        "subject": delivery.subject,
        "failure_fr": delivery.failure_fr,
        "failure_en": delivery.failure_en,
    }
