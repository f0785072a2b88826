"""Spellings of our own: nothing wrong is ever sure, and no more goes wrong than did when they were last measured."""

import pytest

from bench.mapping import HALVES
from bench.spellings import fresh, measure, measure_fresh, measure_real
from governance.contracts.adopt import load_from_library
from governance.mapping.proposal import propose
from governance.mapping.words import meaning_of
from tests.mapping.test_proposal import GRANTS


@pytest.mark.parametrize(
    ("glued", "apart"),
    [("NOMBENEFICIAIRE", "nom bénéficiaire"), ("MONTANTVOTE", "Montant voté"), ("datedelib", "Date délib"),
     ("nosiret", "no SIRET"), ("Objetsubvention", "Objet subvention"), ("Voté le", "date")],
)  # fmt: skip
def test_words_written_as_one_mean_what_they_mean_apart(glued: str, apart: str) -> None:
    assert meaning_of(glued).all == meaning_of(apart).all


@pytest.mark.parametrize("word", ["Commentaire", "Mandataire", "Numérotation", "Datation", "Nominal", "Montantine"])
def test_a_word_that_is_not_made_of_known_ones_is_left_whole(word: str) -> None:
    assert len(meaning_of(word).all) == 1


def test_nothing_wrong_is_sure_and_most_come_to_their_column() -> None:
    sums = measure()
    assert [each.wrong_sure for each in sums.values()] == [0, 0]
    assert all(sums[half].alone_right >= 0.94 * sums[half].alone for half in HALVES)
    assert all(sums[half].in_files_right >= 0.93 * sums[half].in_files for half in HALVES)


def test_no_real_header_is_sure_for_a_wrong_column_and_most_come_to_theirs() -> None:
    sums = measure_real()
    assert [each.wrong_sure for each in sums.values()] == [0, 0]
    assert sum(each.alone for each in sums.values()) > 150
    assert all(sums[half].alone_right >= 0.91 * sums[half].alone for half in HALVES)
    assert all(sums[half].in_files_right >= 0.89 * sums[half].in_files for half in HALVES)


def test_the_fresh_list_is_as_long_as_it_was_nothing_wrong_is_sure_and_most_come_to_their_column() -> None:
    sum_ = measure_fresh()["all"]
    assert sum(len(texts) for _, columns in fresh() for texts in columns.values()) == sum_.alone == 415
    assert sum_.wrong_sure == 0
    assert sum_.alone_right >= 0.94 * sum_.alone
    assert sum_.in_files_right >= 0.94 * sum_.in_files


@pytest.mark.parametrize(
    ("damaged", "whole"),
    [("BÃ©nÃ©ficiaire", "Bénéficiaire"), ("B\ufffdn\ufffdficiaire", "Bénéficiaire"),
     ("Notification UE (oui/non)", "Notification UE"), ("Gratuit O/N", "Gratuit"), ("S/N", "Numéro de série"),
     ("NOMBENEFIC", "Nom bénéficiaire"), ("Quel est le montant ?", "Montant est")],
)  # fmt: skip
def test_damage_answers_and_signs_do_not_change_what_is_meant(damaged: str, whole: str) -> None:
    assert meaning_of(damaged).all == meaning_of(whole).all


def test_a_name_cut_to_ten_letters_is_a_guess() -> None:
    assert meaning_of("NOMBENEFIC").guessed == {"@beneficiary"}
    assert meaning_of("NOMBENEFI").all == {"nombenefi"}  # nine letters: no Shapefile cut it


@pytest.mark.parametrize(
    ("contract", "header", "column"),
    [("equipements", "Site", "EQUIP_NOM"), ("deliberations", "Élus ayant voté", ""),
     ("consommation_energie", "Bâtiment", ""), ("mediation_numerique", "Structure", ""),
     ("inventaire_algorithmes", "Intitulé", "")],
)  # fmt: skip
def test_a_header_that_says_less_than_the_column_is_never_sure(contract: str, header: str, column: str) -> None:
    found = [match for match in propose([header], None, load_from_library(contract)) if match.header]
    assert [match.verdict for match in found] == ["verify"]
    assert column in ("", found[0].column)


@pytest.mark.parametrize(
    ("contract", "header", "column"),
    [("defibrillateurs", "Date d'installation", "date_instal"),
     ("fontaines_eau", "Date de pose", "date_installation"),
     ("stationnement_cyclable", "Présence d'un toit", "couverture")],
)  # fmt: skip
def test_the_type_of_a_column_says_what_kind_of_thing_it_is(contract: str, header: str, column: str) -> None:
    assert [match.column for match in propose([header], None, load_from_library(contract)) if match.header] == [column]


@pytest.mark.parametrize(
    "header", ["Forme juridique", "Objet social", "Nom du président", "Solde", "Montant N-1", "Avis"]
)
def test_what_is_said_of_the_association_or_of_another_year_is_not_proposed(header: str) -> None:
    assert not any(match.header for match in propose([header], None, GRANTS))


@pytest.mark.parametrize(
    ("header", "head"),
    [("Date de notification", "@date"), ("Pourcentage du montant", "@percentage"), ("Nom du dispositif", "@scheme"),
     ("Bénéficiaire", ""), ("COLL_NOM", ""), ("BENEF_SIRET", "@siret")],
)  # fmt: skip
def test_the_first_noun_says_the_kind_of_thing_whatever_the_order(header: str, head: str) -> None:
    assert meaning_of(header).head == head


@pytest.mark.parametrize(
    ("header", "column"),
    [("Date de notification", "dateConvention"), ("Pourcentage du montant total", "pourcentageSubvention"),
     ("Service attribuant", "nomAttribuant"), ("Subvention de fonctionnement", "montant"), ("SUBVF", "montant"),
     ("Objet de la demande", "objet"), ("SIRET commune", "idAttribuant")],
)  # fmt: skip
def test_a_header_in_other_words_comes_to_its_column_never_surely(header: str, column: str) -> None:
    found = [match for match in propose([header], None, GRANTS) if match.header]
    assert [(match.column, match.verdict) for match in found] == [(column, "verify")]


@pytest.mark.parametrize(
    "header", ["Identification de l'attributaire", "Nom attributaire", "Subvention", "NOM_COM_BENEF"]
)
def test_what_may_be_meant_otherwise_is_never_sure(header: str) -> None:
    assert all(match.verdict != "sure" for match in propose([header], None, GRANTS))


@pytest.mark.parametrize("header", ["Montant demandé", "Subvention sollicitée", "Montant refusé", "Coût du projet"])
def test_what_was_asked_or_refused_or_costs_is_no_amount(header: str) -> None:
    assert all(match.column != "montant" for match in propose([header], None, GRANTS) if match.header)
