"""What a receipt says to the clerk, in French and in English: what came of it, and what to do next."""

from datetime import date

from connectors.problems import ConnectorProblem, NoRoom, is_out_of_room
from governance.contracts.earlier import has_ended
from governance.contracts.model import Contract
from governance.federation import Source
from governance.intake.model import Report
from governance.state.receipts import Outcome


def _words(message_fr: str, message_en: str, remedy_fr: str = "", remedy_en: str = "") -> dict[str, str]:
    return {"message_fr": message_fr, "message_en": message_en, "remedy_fr": remedy_fr, "remedy_en": remedy_en}


def failed_words(problem: ConnectorProblem) -> dict[str, str]:
    """Say why a source could not be fetched."""
    return _words(problem.message_fr, problem.message_en, problem.remedy_fr, problem.remedy_en)


def held_words(member_id: str, source_id: str, before: int, after: int) -> dict[str, str]:
    """Say why a file waits, and what to do: ``before`` and ``after`` are accepted rows."""
    command = f"archipel confirm {member_id} {source_id}"
    return _words(
        f"Fichier en attente : {after} lignes valables contre {before} avant. La version précédente reste en place.",
        f"File on hold: {after} valid rows against {before} before. The earlier version stays in place.",
        "Si ces lignes ont vraiment disparu, dites-le à la fédération, qui le confirme "
        f"({command}) ; sinon, déposez de nouveau le fichier complet.",
        f"If these rows are really gone, tell the federation, which confirms it ({command}); "
        "otherwise provide the whole file again.",
    )


def outcome_words(outcome: Outcome, report: Report | None, earlier: str | None) -> dict[str, str]:
    """Say what came of a file that was read, or of one that did not change."""
    if outcome == "unchanged" or report is None:
        still_fr = {"held": " Il attend toujours une confirmation.", "rejected": " Il reste inutilisable."}
        still_en = {"held": " It still waits for a confirmation.", "rejected": " It still cannot be used."}
        return _words(
            f"Rien de nouveau depuis le dernier passage.{still_fr.get(earlier or '', '')}",
            f"Nothing new since the last run.{still_en.get(earlier or '', '')}",
        )
    if outcome == "rejected":
        first = report.errors[0] if report.errors else None
        return _words(
            f"Fichier inutilisable : {first.message_fr if first else 'aucune ligne valable.'}",
            f"The file cannot be used: {first.message_en if first else 'no valid row.'}",
            first.remedy_fr if first else "Ouvrez le rapport : il dit quoi corriger, ligne par ligne.",
            first.remedy_en if first else "Open the report: it says what to mend, line by line.",
        )
    rows = report.rows
    if rows.quarantined:
        return _words(
            f"{rows.accepted} lignes reprises, {rows.quarantined} à corriger.",
            f"{rows.accepted} rows taken, {rows.quarantined} to mend.",
            "Ouvrez le rapport : chaque ligne écartée y est expliquée.",
            "Open the report: each row left out is explained there.",
        )
    return _words(f"{rows.accepted} lignes reprises, rien à corriger.", f"{rows.accepted} rows taken, nothing to mend.")


def in_force(contract: Contract | None, source: Source, today: date) -> Contract:
    """Return the contract that a source follows.

    Raises:
        ConnectorProblem: there is none, or it may be followed no more.
    """
    if contract is None:
        raise no_contract(source.dataset, source.contract_major)
    if has_ended(contract, today):
        raise contract_ended(contract)
    return contract


def contract_ended(contract: Contract) -> ConnectorProblem:
    """Say that the earlier version of a contract that a source follows may be followed no more."""
    now = contract.served_as.version if contract.served_as else ""
    until = contract.supported_until
    return ConnectorProblem(
        f"La version {contract.version} du contrat « {contract.id} » n'est plus acceptée depuis le {until}.",
        f"Version {contract.version} of the contract {contract.id!r} is accepted no more since {until}.",
        f"Passez à la version {now}, puis retirez contract_major de la source. Vos dernières lignes restent en place.",
        f"Move to version {now}, then take contract_major out of the source. Your last rows stay in place.",
    )


def no_contract(dataset: str, major: int | None = None) -> ConnectorProblem:
    """Say that nobody wrote down what the dataset must look like, at all or in that version."""
    version_fr, version_en = ("", "") if major is None else (f" de version {major}", f" of version {major}")
    return ConnectorProblem(
        f"Le jeu de données « {dataset} » n'a pas de contrat{version_fr}.",
        f"The dataset {dataset!r} has no contract{version_en}.",
        "Corrigez le nom du jeu de données, ou écrivez son contrat : make new-dataset.",
        "Mend the dataset's name, or write its contract: make new-dataset.",
    )


def our_fault(error: Exception) -> ConnectorProblem:
    """Say that the fault is the platform's: its disk is full, or else a defect that its log tells of."""
    if is_out_of_room(error):
        return NoRoom()
    return ConnectorProblem(
        "Archipel n'a pas su traiter cette source : c'est une anomalie du logiciel, pas de votre fichier.",
        "Archipel could not deal with this source: a defect of the software, not of your file.",
        "Votre dernière version reste en place. Signalez-le à la fédération, avec le numéro de cet accusé.",
        "Your last version stays in place. Tell the federation, with the number of this receipt.",
    )
