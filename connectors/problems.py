"""What can go wrong when fetching, each with what to say and what to do, in French and in English.

``retryable`` says whether asking again may help: the scheduler retries those and fails at once on the others.
"""

# ruff: noqa: N818 - kept because each is named after the fact it states, as its code is

import errno
from typing import ClassVar

_ROOM_ENDS = {errno.ENOSPC, errno.EDQUOT}
_ROOM_ENDS_IN_WORDS = ("No space left on device", "database or disk is full")
"""As Polars, DuckDB and PostgreSQL say it (strerror of ENOSPC), and as SQLite does: none of them keeps the number."""


def is_out_of_room(error: BaseException | str | None) -> bool:
    """Whether a failure, what caused it or a library's words about it say that the platform's own disk is full."""
    if isinstance(error, str):
        return any(words in error for words in _ROOM_ENDS_IN_WORDS)
    if error is None or isinstance(error, SourceUnavailable):  # a source may well tell of its own disk
        return False
    if isinstance(error, NoRoom) or (isinstance(error, OSError) and error.errno in _ROOM_ENDS):
        return True
    return is_out_of_room(str(error)) or is_out_of_room(error.__cause__)


class ConnectorProblem(Exception):
    """Base of all; its text is the English message. No secret and no query string is ever part of it."""

    code: ClassVar[str] = "connector_problem"
    retryable: ClassVar[bool] = False

    def __init__(self, message_fr: str, message_en: str, remedy_fr: str, remedy_en: str) -> None:
        super().__init__(message_en)
        self.message_fr = message_fr
        self.message_en = message_en
        self.remedy_fr = remedy_fr
        self.remedy_en = remedy_en


class BadOptions(ConnectorProblem):
    """The declaration of the source is wrong."""

    code = "bad_options"

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(
            f"L'option « {option} » de la source ne convient pas : {reason}.",
            f"The source's option {option!r} is wrong: {reason}.",
            "Corrigez cette option dans la déclaration de la source.",
            "Mend this option in the source's declaration.",
        )


class UnknownConnector(ConnectorProblem):
    """No module of that name is a connector."""

    code = "unknown_connector"

    def __init__(self, name: str, known: tuple[str, ...], nearest: str | None) -> None:
        listed = ", ".join(known)
        hint_fr, hint_en = (f"Écrivez « {nearest} » ? ", f"Did you mean {nearest!r}? ") if nearest else ("", "")
        super().__init__(
            f"Le connecteur « {name} » n'existe pas.",
            f"There is no connector {name!r}.",
            f"{hint_fr}Connecteurs possibles : {listed}.",
            f"{hint_en}Known connectors: {listed}.",
        )


class SourceUnavailable(ConnectorProblem):
    """The source does not answer, or says it cannot now: ask again later."""

    code = "source_unavailable"
    retryable = True

    def __init__(self, where: str, reason_fr: str, reason_en: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(
            f"{where} ne répond pas pour l'instant : {reason_fr}.",
            f"{where} does not answer for now: {reason_en}.",
            "Rien à faire : un nouvel essai est prévu. Si cela dure, prévenez qui tient ce site.",
            "Nothing to do: it will be tried again. If it lasts, tell whoever keeps that site.",
        )
        self.retry_after_seconds = retry_after_seconds


class NoRoom(ConnectorProblem):
    """The platform's own disk is full: no fault of the source or of its file."""

    code = "no_room"
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            "Plus de place sur le disque d'Archipel : ce fichier n'a pas pu être gardé.",
            "No room left on Archipel's disk: this file could not be kept.",
            "Votre fichier n'y est pour rien, et vos dernières lignes restent en place. Prévenez la fédération : "
            "dès qu'elle a fait de la place, il est repris au passage suivant.",
            "Your file is not the reason, and your last rows stay in place. Tell the federation: once it has made "
            "room, the file is taken at the next run.",
        )


class SourceRefused(ConnectorProblem):
    """The source answers that it will not: asking again gives the same."""

    code = "source_refused"

    _ADVICE: ClassVar[dict[int, tuple[str, str]]] = {
        400: ("Vérifiez les options de la source.", "Check the source's options."),
        401: ("Vérifiez le secret de la source.", "Check the source's secret."),
        403: ("Vérifiez le secret et les droits de la source.", "Check the source's secret and rights."),
        404: ("Vérifiez l'adresse : le fichier a pu changer de nom.", "Check the address: the file may have moved."),
        410: (
            "Le fichier a été retiré : changez ou ôtez la source.",
            "The file was withdrawn: change or drop the source.",
        ),
        495: (
            "Demandez à qui tient ce serveur si sa clé ou son certificat a changé, et déclarez le nouveau.",
            "Ask whoever keeps that server whether its key or certificate has changed, and declare the new one.",
        ),
    }

    def __init__(self, where: str, status: int, reason_fr: str = "", reason_en: str = "") -> None:
        remedy_fr, remedy_en = self._ADVICE.get(
            status, ("Vérifiez l'adresse de la source.", "Check the source's address.")
        )
        super().__init__(
            f"{where} refuse : {reason_fr or f'réponse {status}'}.",
            f"{where} refuses: {reason_en or f'answer {status}'}.",
            remedy_fr,
            remedy_en,
        )
        self.status = status

    @property
    def is_absent(self) -> bool:
        """Whether the source says that what was asked for is not there, or there no more."""
        return self.status in (404, 410)


class NothingHandedIn(SourceRefused):
    """The box of a source is empty: nobody handed in a file yet, or the only one was taken back."""

    code = "nothing_handed_in"

    def __init__(self, box: str) -> None:
        ConnectorProblem.__init__(
            self,
            f"Rien n'a encore été déposé dans « {box} ».",
            f"Nothing was handed in at {box} yet.",
            "Déposez un fichier sur la page de l'organisme, ou avec archipel upload.",
            "Hand in a file on the page of the organisation, or with archipel upload.",
        )
        self.status = 404


class TooLarge(ConnectorProblem):
    """The body is larger than allowed, or swells too much when decompressed."""

    code = "too_large"

    def __init__(self, where: str, reason_fr: str, reason_en: str) -> None:
        super().__init__(
            f"Le fichier de {where} est refusé : {reason_fr}.",
            f"The file of {where} is refused: {reason_en}.",
            "Réduisez le fichier ou demandez à relever la limite de taille.",
            "Make the file smaller or ask for a higher size limit.",
        )


class EgressForbidden(ConnectorProblem):
    """The address may not be reached from here."""

    code = "egress_forbidden"

    def __init__(self, where: str, reason_fr: str, reason_en: str) -> None:
        super().__init__(
            f"L'adresse {where} est interdite : {reason_fr}.",
            f"The address {where} is forbidden: {reason_en}.",
            "Donnez une adresse publique, ou faites autoriser celle-ci (réglage egress_exceptions).",
            "Give a public address, or have this one allowed (setting egress_exceptions).",
        )


class UnexpectedAnswer(ConnectorProblem):
    """The source answers, but not as its protocol says: asking again gives the same."""

    code = "unexpected_answer"

    def __init__(self, where: str, reason_fr: str, reason_en: str) -> None:
        super().__init__(
            f"{where} répond autrement que prévu : {reason_fr}.",
            f"{where} answers otherwise than expected: {reason_en}.",
            "Vérifiez l'adresse et le connecteur de la source ; si elle est juste, prévenez qui tient ce service.",
            "Check the source's address and connector; if they are right, tell whoever keeps that service.",
        )
