"""Whom to ask for a dataset that is not open, and a message ready to be filled in: what a refusal tells one to do."""

from urllib.parse import quote

from governance.api.feeds import Words
from governance.console.shown import Shown
from governance.contracts.model import Contract
from governance.platform import Platform

_SUBJECT = Words(fr="Demande d'accès : {title}", en="Access request: {title}")
_BODY = Words(
    fr=(
        "Bonjour,\n\nNous demandons l'accès au jeu de données « {title} » ({id}).\n\n"
        "Organisme et SIREN : \nPour quel but (finalité) : \nColonnes nécessaires : \n"
        "Communes ou lignes nécessaires : \nJusqu'à quand : \nQui utilisera les données : \n\nMerci."
    ),
    en=(
        "Hello,\n\nWe ask for access to the dataset “{title}” ({id}).\n\n"
        "Organisation and SIREN: \nFor which purpose: \nColumns needed: \n"
        "Communes or rows needed: \nUntil when: \nWho will use the data: \n\nThank you."
    ),
)


class AskForAccess(Shown):
    """Who decides, and where to write."""

    decides: str
    """Name of the organisation that answers for the dataset."""
    email: str
    message: Words
    """A ``mailto:`` address (RFC 6068) in each language, with what a decision needs to know."""


def ask_for_access(platform: Platform, contract: Contract) -> AskForAccess | None:
    """Return whom to ask; None where everybody may read already."""
    if contract.classification == "open":
        return None
    head = platform.federation.head
    steward = platform.federation.organisations.get(contract.steward or "")
    contact = (steward.contact if steward else None) or head.contact
    return AskForAccess(
        decides=steward.name if steward else head.name,
        email=contact.email,
        message=Words(
            fr=_mail(contact.email, _SUBJECT.fr, _BODY.fr, contract.title, contract.id),
            en=_mail(contact.email, _SUBJECT.en, _BODY.en, contract.title_en or contract.title, contract.id),
        ),
    )


def _mail(email: str, subject: str, body: str, title: str, identifier: str) -> str:
    # Lines end in CR LF in an address (RFC 6068, 5).
    text = body.format(title=title, id=identifier).replace("\n", "\r\n")
    return f"mailto:{quote(email, safe='@')}?subject={quote(subject.format(title=title))}&body={quote(text)}"
