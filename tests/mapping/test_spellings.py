"""Spellings of our own: nothing wrong is ever sure, and no more goes wrong than did when they were last measured."""

import pytest

from bench.mapping import HALVES
from bench.spellings import measure
from governance.mapping.words import meaning_of


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
    assert all(sums[half].alone_right >= 0.92 * sums[half].alone for half in HALVES)
    assert all(sums[half].in_files_right >= 0.86 * sums[half].in_files for half in HALVES)
