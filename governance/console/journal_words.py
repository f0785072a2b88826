"""Entries of the journal as sentences, so that an officer reads who was given what without knowing the fields."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from governance.api.decision_words import DOORS
from governance.api.feeds import Words
from governance.console.shown import Shown
from governance.console.why import ANONYMOUS
from governance.journal.model import Entry, Kind
from governance.legal_time import LEGAL_TIME
from governance.pipeline.hand_in import name_given
from governance.pipeline.impact_words import told_differences
from governance.platform import Platform

Tone = Literal["good", "bad", "plain"]

KINDS: Mapping[Kind, Words] = {
    "access": Words(fr="entrée", en="entrance"),
    "decision": Words(fr="décision", en="decision"),
    "policy_change": Words(fr="règles mises en vigueur", en="policies put in force"),
    "policy_activation": Words(fr="règles reçues par le moteur", en="policies taken by the engine"),
    "agreement_change": Words(fr="convention modifiée", en="agreement changed"),
    "rule_change": Words(fr="règle modifiée", en="rule changed"),
    "role_change": Words(fr="rôle modifié", en="role changed"),
    "schedule_change": Words(fr="calendrier modifié", en="schedule changed"),
    "source_change": Words(fr="source", en="source"),
    "access_request": Words(fr="demande d'accès", en="access request"),
    "confirmation": Words(fr="confirmation", en="confirmation"),
    "release": Words(fr="autorisation de publier", en="release"),
    "harmonisation": Words(fr="mise en commun", en="harmonisation"),
    "publication": Words(fr="publication", en="publication"),
    "identity_erased": Words(fr="identité effacée", en="identity erased"),
    "sign_in": Words(fr="connexion", en="sign-in"),
}
"""Each kind of entry, as a list and a line name it."""

_GRANTED, _REFUSED = Words(fr="Accordé", en="Granted"), Words(fr="Refusé", en="Refused")
_OUTCOMES: Mapping[str, tuple[Words, Words | None, Tone]] = {
    "allowed": (_GRANTED, None, "good"),
    "refused": (_REFUSED, None, "bad"),
    "no_data": (_GRANTED, Words(fr="pas encore de données", en="no data yet"), "good"),
    "not_modified": (_GRANTED, Words(fr="rien de neuf depuis la dernière lecture", en="nothing new since"), "good"),
    "over_quota": (_REFUSED, Words(fr="trop de demandes", en="too many requests"), "bad"),
    "failed": (_GRANTED, Words(fr="mais la réponse a échoué", en="but the answer failed"), "bad"),
    "invalid": (_GRANTED, Words(fr="mais la demande était mal écrite", en="but it was badly asked"), "bad"),
}
"""What became of a decision: granted or not, and a remark."""
_SOURCE_ACTS: Mapping[str, Words] = {
    "handed_in": Words(fr="fichier déposé", en="file handed in"),
    "taken_back": Words(fr="fichier repris avant la collecte", en="file taken back before the harvest"),
    "archived": Words(fr="source archivée, ses lignes ne sont plus servies", en="archived, rows no longer served"),
    "returned": Words(fr="source revenue, ses lignes sont de nouveau servies", en="back, its rows are served again"),
    "deleted": Words(fr="lignes et fichiers effacés", en="rows and files deleted"),
    "external_asked": Words(fr="catalogue externe interrogé", en="external catalogue asked"),
}


class Told(Shown):
    """An entry, told; ``why`` is the question of a decision as the page *Why?* takes it."""

    text: Words
    tone: Tone = "plain"
    reasons: tuple[str, ...] = ()
    why: str | None = None


def told_entry(entry: Entry, platform: Platform) -> Told | None:
    """Return what an entry says; None where it has no sentence, so that its fields must speak."""
    tell = _TELLERS.get(entry.kind)
    return tell(entry, platform) if tell else None


def _decision(entry: Entry, platform: Platform) -> Told:
    fields, organisations = entry.fields, platform.federation.organisations
    outcome = str(fields.get("outcome") or ("allowed" if fields.get("allow") else "refused"))
    said, remark, tone = _OUTCOMES.get(outcome, (Words.same(outcome), None, "plain"))
    siren, provider = fields.get("organisation"), organisations.get(str(fields.get("member_id")))
    who = platform.federation.by_siren.get(str(siren))
    name = Words(fr="tout le monde", en="everybody") if siren is None else Words.same(who.name if who else str(siren))
    door = DOORS.get(str(fields.get("channel")), Words.same(str(fields.get("channel"))))
    french = [f"{said.fr} à {name.fr}, par la porte «\u00a0{door.fr}\u00a0»"]
    english = [f"{said.en} to {name.en}, through “{door.en}”"]
    if purpose := fields.get("purpose"):
        french.append(f"pour {purpose}")
        english.append(f"for {purpose}")
    if provider is not None:
        french.append(f"lignes de {provider.name}")
        english.append(f"rows of {provider.name}")
    if (rows := fields.get("rows")) is not None:
        french.append(f"{rows} ligne{'s' if rows > 1 else ''}")
        english.append(f"{rows} row{'' if rows == 1 else 's'}")
    if remark is not None:
        french.append(remark.fr)
        english.append(remark.en)
    return Told(
        text=Words(fr=f"{', '.join(french)}.", en=f"{', '.join(english)}."),
        tone=tone,
        reasons=_codes(fields),
        why=_question(entry, who.id if who else None if siren else ANONYMOUS),
    )


def _question(entry: Entry, organisation: str | None) -> str | None:
    """The form of *Why?* filled in as it was asked then; None for who is of the federation no more."""
    if organisation is None or entry.target is None:
        return None
    fields, asked = entry.fields, entry.fields.get("instant")
    at = datetime.fromisoformat(asked) if isinstance(asked, str) else entry.at
    return urlencode(
        {
            "organisation": organisation,
            "dataset": entry.target,
            "action": fields.get("action") or "read",
            "channel": fields.get("channel") or "feed",
            "purpose": fields.get("purpose") or "",
            "instant": at.astimezone(LEGAL_TIME).replace(tzinfo=None).isoformat(timespec="seconds"),
        }
    )


def _policy_change(entry: Entry, _platform: Platform) -> Told:
    if entry.fields.get("previous") is None:
        return Told(text=Words(fr="Première version.", en="First version."))
    found = told_differences(entry.fields.get("changes") or {})
    if not found:
        return Told(text=Words(fr="Nouvelle version, au même contenu.", en="A new version of the same content."))
    french = " ; ".join(f"{one.kind.fr}, {one.what.fr} : {', '.join(one.names)}" for one in found)
    english = "; ".join(f"{one.kind.en}, {one.what.en}: {', '.join(one.names)}" for one in found)
    return Told(text=Words(fr=f"{french[0].upper()}{french[1:]}.", en=f"{english[0].upper()}{english[1:]}."))


def _activation(entry: Entry, _platform: Platform) -> Told:
    engine, fault = entry.fields.get("engine"), entry.fields.get("fault")
    if fault:
        text = Words(fr=f"Le moteur {engine} a refusé : {fault}", en=f"The engine {engine} refused: {fault}")
        return Told(text=text, tone="bad")
    text = Words(fr=f"Le moteur {engine} applique ce paquet.", en=f"The engine {engine} decides by this bundle.")
    return Told(text=text, tone="good")


def _harmonisation(entry: Entry, _platform: Platform) -> Told:
    names = ", ".join(sorted(entry.fields.get("tables") or {}))
    return Told(text=Words(fr=f"Nouvelle version de : {names}.", en=f"A new version of: {names}."))


def _publication(entry: Entry, _platform: Platform) -> Told:
    fields = entry.fields
    if fields.get("unchanged"):
        return Told(text=Words(fr="Le catalogue était déjà à jour.", en="The catalogue was up to date already."))
    counts = tuple(len(fields.get(name) or ()) for name in ("created", "updated", "archived"))
    return Told(
        text=Words(
            fr="Catalogue : {} créés, {} mis à jour, {} retirés.".format(*counts),
            en="Catalogue: {} created, {} updated, {} withdrawn.".format(*counts),
        )
    )


def _source_change(entry: Entry, platform: Platform) -> Told | None:
    act = _SOURCE_ACTS.get(str(entry.fields.get("action")))
    if act is None:
        return None
    member, file = entry.fields.get("member"), entry.fields.get("file")
    known = platform.federation.organisations.get(str(member))
    of = known.name if known else member or entry.fields.get("external")
    if file:
        file = name_given(str(file))
    more = f" «\u00a0{file}\u00a0»" if file else ""
    return Told(
        text=Words(
            fr=f"{f'{of} : ' if of else ''}{act.fr}{more}.",
            en=f"{f'{of}: ' if of else ''}{act.en}{f' “{file}”' if file else ''}.",
        )
    )


def _confirmation(entry: Entry, platform: Platform) -> Told:
    fields = entry.fields
    known = platform.federation.organisations.get(str(fields.get("member")))
    name = known.name if known else fields.get("member")
    before, after = fields.get("rows_before"), fields.get("rows_after")
    return Told(
        text=Words(
            fr=f"{name} : une personne a confirmé que le fichier passe de {before} à {after} lignes.",
            en=f"{name}: a person confirmed that the file goes from {before} to {after} rows.",
        )
    )


def _access(entry: Entry, _platform: Platform) -> Told:
    if entry.fields.get("outcome") == "own_cells":
        text = Words(fr="Cellules de ses propres fichiers montrées.", en="Cells of their own files shown.")
        return Told(text=text)
    repeated = entry.fields.get("repeated")
    text = Words(
        fr=f"Refusé à l'entrée, {repeated} fois encore." if repeated else "Refusé à l'entrée.",
        en=f"Refused at the entrance, {repeated} times more." if repeated else "Refused at the entrance.",
    )
    return Told(text=text, tone="bad", reasons=_codes(entry.fields))


def _codes(fields: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(code) for code in fields.get("reasons") or ())


_TELLERS: Mapping[Kind, Callable[[Entry, Platform], Told | None]] = {
    "access": _access,
    "confirmation": _confirmation,
    "decision": _decision,
    "harmonisation": _harmonisation,
    "policy_activation": _activation,
    "policy_change": _policy_change,
    "publication": _publication,
    "source_change": _source_change,
}
